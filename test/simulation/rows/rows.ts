import { R1 } from "./r1.ts";
import { R10 } from "./r10.ts";
import { R11 } from "./r11.ts";
import { R13 } from "./r13.ts";
import { R2 } from "./r2.ts";
import { R3 } from "./r3.ts";
import { R4 } from "./r4.ts";
import { R5 } from "./r5.ts";
import { R6 } from "./r6.ts";
import { R7 } from "./r7.ts";
import type { Row } from "./row.ts";

/** The rows of the table of faults that are simulated; R14 is made of these (walks.ts). */
export const ROWS: readonly Row[] = [R1, R2, R3, R4, R5, R6, R7, R10, R11, R13];
