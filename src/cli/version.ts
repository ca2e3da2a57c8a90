import project from "../../package.json" with { type: "json" };

/** This command's version: the project's own. */
export const VERSION: string = project.version;
