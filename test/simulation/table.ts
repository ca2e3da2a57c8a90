import type { Plan } from "./plans/plan.ts";
import type { Verdict } from "./plans/verdict.ts";

interface Line {
  plans: number;
  counted: number;
  writes: number;
  violations: number;
  readonly workloads: Set<string>;
}

/** How many plans of each row have counted, and what came of them. */
export class Table {
  readonly #lines = new Map<string, Line>();
  readonly failures: string[] = [];
  violations = 0;

  /** A workload that does not even hold without faults: no plan can be compared with it. */
  broken(workload: string, violations: readonly string[]): void {
    const line = `FAILED workload ${workload} without any fault: ${violations[0]}`;
    if (this.failures.includes(line)) return;
    this.failures.push(line);
    this.violations += 1;
  }

  add({ row, workload }: Plan, { counts, writes, problems }: Verdict): void {
    const line = this.#lines.get(row) ?? { plans: 0, counted: 0, writes: 0, violations: 0, workloads: new Set() };
    this.#lines.set(row, line);
    line.plans += 1;
    line.writes += writes;
    line.workloads.add(workload);
    if (counts) line.counted += 1;
    if (problems.length === 0) return;
    line.violations += 1;
    this.violations += 1;
  }

  lines(): readonly string[] {
    const cell = (text: string | number): string => `${text}`.padStart(10);
    const head = ["row", "plans", "counted", "writes", "failed", "workloads"].map(cell).join("");
    const rows = [...this.#lines]
      .toSorted(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)))
      .map(
        ([name, line]) =>
          [name, line.plans, line.counted, line.writes, line.violations].map(cell).join("") + `  ${[...line.workloads].join(", ")}`,
      );
    return ["", head, ...rows, ""];
  }

  /** The one line that others read. A plan counts when its faults happened and changed what the conductor did. */
  sum(): string {
    let plans = 0;
    let writes = 0;
    for (const [row, line] of this.#lines) {
      writes += line.writes;
      if (row !== "R14") plans += line.counted;
    }
    return `fault plans: ${plans}, random walks: ${this.#lines.get("R14")?.counted ?? 0}, writes checked: ${writes}, violations: ${this.violations}`;
  }
}
