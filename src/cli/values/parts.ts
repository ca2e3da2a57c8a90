/** What is shown of values. */
export const PARTS = ["files", "diff", "merged"] as const;
export type Part = (typeof PARTS)[number];
