/** What the person who typed the command can put right; the message says how. */
export class Wrong extends Error {}

/** What an admission policy has refused, in its words. */
export class Denied extends Wrong {}
