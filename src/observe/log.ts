import { pino, type DestinationStream } from "pino";
import type { Log } from "#kube/ports.ts";
import { redact } from "./redact.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines, to standard output if no destination is given. Nothing is logged that `redact` has not seen. */
export function createLog(level: LogLevel, destination: DestinationStream = pino.destination({ dest: 1, sync: true })): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const at =
    (name: LogLevel): Log[LogLevel] =>
    (message, fields = {}) => {
      if (logger.isLevelEnabled(name)) logger[name](redact(fields), message);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
