/** What the person who typed the command can put right; the message says how. */
export class Wrong extends Error {}
