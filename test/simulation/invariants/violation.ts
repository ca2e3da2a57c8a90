/** An invariant that did not hold: what, when and where. */
export class Violation extends Error {
  readonly invariant: number;
  readonly at: number;
  readonly where: string;

  constructor(invariant: number, sentence: string, at: number, where: string) {
    super(`invariant ${invariant}, ${new Date(at).toISOString().slice(11, 23)}: ${sentence} (${where})`);
    this.name = "Violation";
    this.invariant = invariant;
    this.at = at;
    this.where = where;
  }
}
