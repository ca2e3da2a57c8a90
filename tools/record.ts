import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { arrange } from "./demo/setting.ts";
import { castOf, castText } from "./record/cast.ts";
import { textOf } from "./record/frames.ts";
import { DANA, play, TITLES } from "./record/story.ts";
import { svgOf } from "./record/svg.ts";

const USAGE = `Records the command line for the documentation: real runs of the command against the demo's clusters, with real Argo CDs.
Writes docs/recordings/NAME.cast, which is what was captured, and NAME.svg and NAME.txt, which are drawn from it.

  npm run record                 records, and draws
  npm run record -- --draw       draws what was recorded before`;

const folder = join(import.meta.dirname, "..", "docs", "recordings");
const { values } = parseArgs({ options: { draw: { type: "boolean", default: false }, help: { type: "boolean", default: false } } });

if (values.help) console.log(USAGE);
else {
  if (!values.draw) await record();
  for (const name of Object.keys(TITLES)) {
    const cast = castOf(readFileSync(join(folder, `${name}.cast`), "utf8"));
    writeFileSync(join(folder, `${name}.svg`), svgOf(cast));
    writeFileSync(join(folder, `${name}.txt`), `${textOf(cast).trimEnd()}\n`);
    console.log(`docs/recordings/${name}.svg: ${cast.command}`);
  }
}

async function record(): Promise<void> {
  console.log("bringing up a management cluster and four clusters, each with its own Argo CD and Argo Rollouts …");
  const setting = await arrange((line) => console.log(`  ${line}`), [DANA]);
  try {
    const casts = await play(setting, (line) => console.log(`$ ${line}`));
    mkdirSync(folder, { recursive: true });
    for (const [name, cast] of Object.entries(casts)) writeFileSync(join(folder, `${name}.cast`), castText(cast));
  } catch (error) {
    console.error(`The logs of all processes are in ${await setting.scene.plane.keepLogs("record")}`);
    throw error;
  } finally {
    await setting.stop();
  }
}
