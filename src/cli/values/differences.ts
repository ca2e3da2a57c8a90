/** Where several have not the same, path by path. */
export interface Difference<Value> {
  readonly path: string;
  readonly groups: readonly Group<Value>[];
}

export interface Group<Value> {
  /** Undefined where the path is not there. */
  readonly value: Value | undefined;
  readonly members: readonly string[];
}

/** One of those that are compared; `values` by path. */
export interface Member<Value> {
  readonly name: string;
  readonly values: ReadonlyMap<string, Value>;
}

/** Paths at which members differ, in the order of paths; those with the same value stand together, in the order of members. */
export function differences<Value>(members: readonly Member<Value>[], identity: (value: Value) => string): readonly Difference<Value>[] {
  const paths = [...new Set(members.flatMap(({ values }) => [...values.keys()]))].toSorted();
  return paths.flatMap((path) => {
    const groups = new Map<string, { readonly value: Value | undefined; readonly members: string[] }>();
    for (const { name, values } of members) {
      const value = values.get(path);
      const key = value === undefined ? "" : `=${identity(value)}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { value, members: [name] });
      else group.members.push(name);
    }
    return groups.size < 2 ? [] : [{ path, groups: [...groups.values()] }];
  });
}
