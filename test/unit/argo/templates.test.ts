import assert from "node:assert/strict";
import { test } from "node:test";
import { analysisRunSpec, isHarmless, type Request, type Restricted } from "#argo/templates.ts";

const metric = { name: "errors", interval: "1m", count: 5, successCondition: "result < 1", provider: { datadog: { query: "q" } } };
const given = [
  { name: "service", value: "checkout" },
  { name: "clusters", value: "eu,us" },
];
const request = (more: Partial<Request> = {}): Request => ({ args: [], given, background: false, allowed: new Set(), ...more });
const allowed = (...kinds: Restricted[]): Partial<Request> => ({ allowed: new Set(kinds) });
const template = (spec: object) => ({ metadata: { name: "t" }, spec });

test("an AnalysisRun has the template's metrics as they are, and the arguments that the template has", () => {
  const args = [{ name: "service" }, { name: "threshold", value: "1" }, { name: "window", value: "5m" }];
  assert.deepEqual(analysisRunSpec(template({ metrics: [metric], args }), request({ args: [{ name: "threshold", value: "2" }] })), {
    metrics: [metric],
    args: [
      { name: "service", value: "checkout" },
      { name: "threshold", value: "2" },
      { name: "window", value: "5m" },
    ],
  });
  assert.deepEqual(analysisRunSpec(template({ metrics: [metric] }), request()), { metrics: [metric] });
});

for (const [what, spec, more, sentence] of [
  ["no metrics", {}, {}, /^it has no metrics$/],
  ["a metric without a provider", { metrics: [{ ...metric, provider: {} }] }, {}, /^metric errors has no provider$/],
  ["a metric with two", { metrics: [{ ...metric, provider: { web: {}, job: {} } }] }, {}, /^metric errors has more than one provider$/],
  ["something that is no metric", { metrics: [{ name: 1 }] }, {}, /^it cannot be read: spec\.metrics\.0\.name /],
  ["a dry run", { metrics: [metric], dryRun: [{ metricName: "errors" }] }, {}, /spec\.dryRun/],
  ["templates of its own", { metrics: [metric], templates: [{ templateName: "x" }] }, {}, /spec\.templates/],
  ["pods", { metrics: [{ ...metric, provider: { job: {} } }] }, {}, /provider job, which runs pods: use another, or let the installer/],
  ["any URL", { metrics: [{ ...metric, provider: { web: {} } }] }, allowed("job"), /provider web, which calls any URL/],
  ["a plugin", { metrics: [{ ...metric, provider: { plugin: {} } }] }, allowed("web"), /provider plugin, which runs a plugin/],
  ["no count", { metrics: [{ ...metric, count: undefined }] }, {}, /errors has an interval and no count, and would never end/],
  ["a count of 0", { metrics: [{ ...metric, count: 0 }] }, {}, /would never end/],
  [
    "a count of 0 by argument",
    { metrics: [{ ...metric, count: "{{ args.count }}" }], args: [{ name: "count", value: "0" }] },
    {},
    /would never end/,
  ],
  ["an argument without a value", { metrics: [metric], args: [{ name: "threshold" }] }, {}, /^its argument threshold has no value/],
  [
    "an argument that it does not have",
    { metrics: [metric], args: [{ name: "service" }] },
    { args: [{ name: "treshold", value: "1" }] },
    /^it has no argument treshold: it takes service$/,
  ],
  [
    "a Secret by argument",
    { metrics: [metric], args: [{ name: "key", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] },
    allowed("job", "web", "plugin"),
    /^its argument key reads a Secret by argument/,
  ],
  [
    "a given value that ends a query's quotes",
    { metrics: [metric], args: [{ name: "revision" }] },
    { given: [{ name: "revision", value: 'v1"} or up{' }] },
    /^argument revision would be .* could end the quotes/,
  ],
] as const)
  test(`a template with ${what} makes no AnalysisRun`, () => {
    const said = analysisRunSpec(template(spec), request(more));
    assert.match(typeof said === "string" ? said : "it made one", sentence);
  });

test("what the installer allows is let through, and background needs no count", () => {
  const secret = { name: "key", valueFrom: { secretKeyRef: { name: "s", key: "k" } } };
  const metrics = [
    { ...metric, provider: { job: {} } },
    { ...metric, name: "open", count: undefined },
  ];
  assert.deepEqual(analysisRunSpec(template({ metrics, args: [secret] }), request({ ...allowed("job", "secret"), background: true })), {
    metrics,
    args: [secret],
  });
});

test("a text is harmless where it cannot end a quote or begin an argument", () => {
  for (const text of ["checkout", "eu-west-1|us", "v1.4.2+build.7", "sha256:0a"]) assert.ok(isHarmless(text), text);
  for (const text of ['"', "'", "`", "\\", "{{args.x}}", "a\nb"]) assert.ok(!isHarmless(text), text);
});
