import { relative, sep } from "node:path";
import { refuse } from "./rooms.ts";

/** What we use of ESTree and of oxlint's plugin API, whose types are a package of their own: https://oxc.rs/docs/guide/usage/linter/js-plugins */
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly importKind?: string;
  readonly exportKind?: string;
  readonly source?: Node | null;
  readonly specifiers?: readonly Node[];
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
}
interface Context {
  readonly cwd: string;
  readonly filename: string;
  report(problem: { readonly node: Node; readonly message: string }): void;
}
type Visitor = Readonly<Record<string, (node: Node) => void>>;

/** Two rules that oxlint has no words for: imports judged by the file that they lead to, and `new Date()` without a time. */
export default {
  meta: { name: "rooms" },
  rules: {
    imports: {
      create(context: Context): Visitor {
        const from = relative(context.cwd, context.filename).split(sep).join("/");
        const judge = (node: Node, typeOnly: boolean): void => {
          const specifier = node.source?.value;
          if (typeof specifier !== "string")
            return context.report({ node, message: "an import names its file: nobody can check one that is computed" });
          const message = refuse(from, specifier, typeOnly);
          if (message !== undefined) context.report({ node, message });
        };
        return {
          ImportDeclaration(node) {
            const specifiers = node.specifiers ?? [];
            judge(
              node,
              node.importKind === "type" || (specifiers.length > 0 && specifiers.every(({ importKind }) => importKind === "type")),
            );
          },
          ExportNamedDeclaration(node) {
            if (node.source) judge(node, node.exportKind === "type");
          },
          ExportAllDeclaration: (node) => judge(node, node.exportKind === "type"),
          ImportExpression: (node) => judge(node, false),
          TSImportType: (node) => judge(node, true),
        };
      },
    },
    "no-clock": {
      create(context: Context): Visitor {
        const look = (node: Node): void => {
          if (node.callee?.name !== "Date") return;
          // A call without new ignores its arguments.
          if (node.type === "CallExpression" || node.arguments?.length === 0) {
            context.report({ node, message: "this reads the machine's clock: take now as a parameter" });
          }
        };
        return { NewExpression: look, CallExpression: look };
      },
    },
  },
};
