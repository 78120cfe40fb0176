/** Several operations as one mutation: done together, undone together. */
import { ChangeItemsDocument, type ChangeFactsFragment } from "$generated/graphql";
import { request } from "../graphql/client";
import { MOST_PER_MUTATION } from "./deeds";
import type { Compound, Operation, Simple } from "./operations";
import { editInputs, newItem, styleInput, transformInput, type Envelope } from "./sending";

type Kind = Simple["kind"];
const TAKEN: readonly Kind[] = ["add", "edit", "transform", "restyle", "reorder", "regroup", "remove"];

/** Whether one mutation can say it. Removing is left to the server: groups that are left empty go by themselves. */
export function isTogether(operation: Operation): operation is Compound {
  if (operation.kind !== "compound" || !operation.operations.length) return false;
  const kinds = operation.operations.map((part) => part.kind);
  if (new Set(kinds).size < kinds.length || kinds.some((kind) => !TAKEN.includes(kind))) return false;
  if (kinds.includes("remove") && !kinds.includes("regroup")) return false;
  return operation.operations.every((part) => {
    if (part.kind === "remove") return true;
    if (part.kind === "edit" && part.items.some((item) => item.imageId)) return false;
    return part.items.length <= MOST_PER_MUTATION;
  });
}

export async function sendTogether(
  envelope: Envelope,
  { operations }: Compound,
): Promise<ChangeFactsFragment> {
  const of = <K extends Exclude<Kind, "remove">>(kind: K) =>
    operations.flatMap((part) => (part.kind === kind ? [...part.items] : [])) as Extract<
      Simple,
      { kind: K }
    >["items"][number][];
  const input = {
    ...envelope,
    add: of("add").map(newItem),
    ...editInputs(of("edit")),
    transforms: of("transform").map(({ id, transform }) => ({ id, transform: transformInput(transform) })),
    styles: of("restyle").map(styleInput),
    ranks: of("reorder").map((rank) => ({ ...rank })),
    homes: of("regroup").map((home) => ({ ...home })),
  };
  return (await request(ChangeItemsDocument, { input })).changeItems.change;
}
