export type MetricsApi = "datadog-v1" | "datadog-v2" | "prometheus";

/** One value (NaN is one), a value for each group of a query that groups, or nothing found. */
export type Values = number | readonly number[] | "no data";

/** A series has more than one point: only the last of them is of now. */
const MINUTE = 60_000;

/** What the API says when it has found that; `now` in milliseconds since the epoch. */
export function bodyOf(api: MetricsApi, values: Values, now: number): object {
  switch (api) {
    case "datadog-v1":
      return {
        status: "ok",
        series: list(values).map((value) => ({
          pointlist: [
            [now - MINUTE, 0],
            [now, inJson(value)],
          ],
        })),
      };
    case "datadog-v2":
      return { data: { type: "scalar_response", attributes: { columns: columns(values) } } };
    case "prometheus": {
      const result = list(values).map((value, index) => ({ metric: labels(values, index), value: [now / 1000, text(value)] }));
      return { status: "success", data: { resultType: "vector", result } };
    }
  }
}

/** What the API says beside a status that is not 200. */
export function errorBodyOf(api: MetricsApi, status: number): object {
  const message = `scripted ${status}`;
  return api === "prometheus"
    ? { status: "error", errorType: status === 400 ? "bad_data" : "execution", error: message }
    : { errors: [message] };
}

function list(values: Values): readonly number[] {
  return values === "no data" ? [] : typeof values === "number" ? [values] : values;
}

/** Where a query groups, Datadog's groups are a column of their own, before the values. */
function columns(values: Values): readonly object[] {
  if (values === "no data") return [];
  const numbers = { name: "query", type: "number", values: list(values).map(inJson) };
  if (typeof values === "number") return [numbers];
  return [{ name: "group", type: "group", values: values.map((_, index) => [groupOf(index)]) }, numbers];
}

function labels(values: Values, index: number): object {
  return typeof values === "number" ? {} : { group: groupOf(index) };
}

function groupOf(index: number): string {
  return `group-${index + 1}`;
}

/** JSON has no NaN and no infinity: Datadog says null. */
function inJson(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** As Go writes a number. */
function text(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
