import { patched } from "../language/moments.ts";
import { story, type Story } from "../story.ts";
import { AT_ONCE } from "./traits.ts";

const CLUSTERS = ["eu", "us", "ap", "sa"];

/** What one Argo CD can bear. */
export const capacity: readonly Story[] = [
  story(
    "two releases share the limit of an Argo CD fairly",
    {
      shows:
        "One Argo CD holds the Applications of four clusters, and takes two targets in flight over all releases, never three. checkout comes first and may have both; from then on each of the two releases gets one.",
      clusters: [
        { name: "hub", annotations: { "conductor.dev/max-in-flight": "2" } },
        ...CLUSTERS.map((name) => ({ name, instance: "hub" })),
      ],
      environment: {
        clusters: CLUSTERS.map((name) => ({ name })),
        application: { name: "{{service}}-{{cluster}}", targetRevision: "{{revision}}" },
      },
      strategy: AT_ONCE,
      services: ["checkout", "cart"],
      hub: true,
    },
    async (world) => {
      world.ci.releases("2");
      world.ci.releases("3", { service: "cart" });
      await world.until(patched(1));
      await world.passes(4);
      world.expect(patched(2));
      await world.ends("checkout");
      await world.ends("cart");
    },
  ),
  story(
    "what one release does not need the other may have",
    {
      shows:
        "Of three slots the release of cart, to one cluster only, needs one; checkout has the others, and all three when cart is done.",
      clusters: [
        { name: "hub", annotations: { "conductor.dev/max-in-flight": "3" } },
        ...CLUSTERS.map((name) => ({ name, instance: "hub" })),
      ],
      environment: {
        clusters: CLUSTERS.map((name) => ({ name })),
        application: { name: "{{service}}-{{cluster}}", targetRevision: "{{revision}}" },
      },
      strategy: AT_ONCE,
      services: ["checkout", "cart"],
      hub: true,
    },
    async (world) => {
      world.ci.releases("3", { service: "cart", clusters: ["eu"] });
      world.ci.releases("2");
      await world.until(patched(1));
      await world.passes(4);
      world.expect(patched(3));
      await world.ends("checkout");
      await world.ends("cart");
    },
  ),
];
