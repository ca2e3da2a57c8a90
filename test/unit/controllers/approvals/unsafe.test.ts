import assert from "node:assert/strict";
import { test } from "node:test";
import { unsafe } from "#controllers/approvals/unsafe.ts";

const PIPELINE = "system:serviceaccount:ci:deployer";
const NAME_THEM = "so the gate must say who approves: name them in approval.groups or approval.users of the Environment's wave";
const MORE = "name more in approval.users or approval.serviceAccounts of the Environment's wave, or approval.groups";

type Gate = Parameters<typeof unsafe>[0];
const rows: readonly (readonly [what: string, gate: Gate, author: string | undefined, sentence: string | undefined])[] = [
  ["a person has released, and whoever may approves", { count: 3 }, "carol", undefined],
  ["a person has released, and groups approve", { count: 3, groups: ["sre"] }, "carol", undefined],
  ["the author is one of those who are named, and enough are left", { count: 1, users: ["carol", "bob"] }, "carol", undefined],
  [
    "the author is the only one who may approve",
    { count: 1, users: ["carol"] },
    "carol",
    `the gate needs 1 approval, and 0 of those it names may approve what carol has released: ${MORE}`,
  ],
  [
    "without the author too few are left",
    { count: 3, users: ["carol", "bob"], serviceAccounts: ["change/bot"] },
    "carol",
    `the gate needs 3 approvals, and 2 of those it names may approve what carol has released: ${MORE}`,
  ],
  ["a group may fill up what is left", { count: 3, users: ["carol"], groups: ["sre"] }, "carol", undefined],
  [
    "a ServiceAccount has released, and nobody is named",
    { count: 1 },
    PIPELINE,
    `a ServiceAccount has released (${PIPELINE}), ${NAME_THEM}`,
  ],
  ["a ServiceAccount has released, and groups approve", { count: 1, groups: ["sre"] }, PIPELINE, undefined],
  ["a ServiceAccount has released, and users approve", { count: 2, users: ["alice", "bob"] }, PIPELINE, undefined],
  ["a ServiceAccount has released, and another approves", { count: 1, serviceAccounts: ["change/bot"] }, PIPELINE, undefined],
  [
    "a ServiceAccount has released, and only itself approves",
    { count: 1, serviceAccounts: ["ci/deployer"] },
    PIPELINE,
    `a ServiceAccount has released (${PIPELINE}), ${NAME_THEM}`,
  ],
  [
    "a ServiceAccount has released, and with itself there are enough",
    { count: 2, serviceAccounts: ["ci/deployer", "change/bot"] },
    PIPELINE,
    `the gate needs 2 approvals, and 1 of those it names may approve what ${PIPELINE} has released: ${MORE}`,
  ],
  ["nobody knows who has released, and nobody is named", { count: 1 }, undefined, `it is not known who has released, ${NAME_THEM}`],
  ["nobody knows who has released, and groups approve", { count: 1, groups: ["sre"] }, undefined, undefined],
  ["nobody knows who has released, and users approve", { count: 1, users: ["alice"] }, undefined, undefined],
  [
    "nobody knows who has released, and too few are named",
    { count: 2, users: ["alice"] },
    undefined,
    `the gate needs 2 approvals, and 1 of those it names may approve what somebody has released: ${MORE}`,
  ],
  [
    "nobody knows which ServiceAccount has released, and one approves beside groups",
    { count: 1, groups: ["sre"], serviceAccounts: ["change/bot"] },
    undefined,
    "who has released is not known, and may be one of the gate's approval.serviceAccounts: write the annotation conductor.dev/author with the release's spec, or take them out",
  ],
];
for (const [what, gate, author, sentence] of rows)
  test(`a gate is ${sentence === undefined ? "safe" : "not safe"} where ${what}`, () => assert.equal(unsafe(gate, author), sentence));
