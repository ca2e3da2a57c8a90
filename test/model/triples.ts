/** Three targets, each by its number. */
export type Triple = readonly [number, number, number];

export const PLACES = [0, 1, 2] as const;
export type Place = (typeof PLACES)[number];

export function replaced(targets: Triple, place: Place, id: number): Triple {
  return [place === 0 ? id : targets[0], place === 1 ? id : targets[1], place === 2 ? id : targets[2]];
}

export function same(a: Triple, b: Triple): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

export function each(made: (place: Place) => number): Triple {
  return [made(0), made(1), made(2)];
}
