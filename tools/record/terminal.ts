/** Loaded before a command: its output, which is captured, is a terminal to it. The variable says how large. */
const [columns = 80, rows = 24] = (process.env["RECORD_TERMINAL"] ?? "").split("x").map(Number);
Object.assign(process.stdout, { isTTY: true, columns, rows });
