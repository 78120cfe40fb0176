/** Deeds as mutations: what is asked for by ids, each in the words of the schema. */
import {
  AlignItemsDocument,
  ArrangeItemsDocument,
  ChangeItemsDocument,
  CompareOverlayDocument,
  CropItemsDocument,
  DistributeItemsDocument,
  FitToFrameDocument,
  FlipItemsDocument,
  GroupItemsDocument,
  MoveItemsDocument,
  NormalizeItemsDocument,
  OrderItemsDocument,
  PackItemsDocument,
  RegroupItemsDocument,
  RemoveItemsDocument,
  ReplaceImagesDocument,
  ResetItemsDocument,
  RotateItemsDocument,
  ScaleItemsDocument,
  StackItemsDocument,
  UngroupItemsDocument,
  type ChangeFactsFragment,
} from "$generated/graphql";
import { request } from "../graphql/client";
import type { Deed } from "./deeds";
import { transformInput, type Envelope } from "./sending";

/** Sends the deed, whose answer says what came of it. */
export async function sendDeed(envelope: Envelope, deed: Deed): Promise<ChangeFactsFragment> {
  switch (deed.kind) {
    case "crop": {
      const input = { ...envelope, items: deed.items.map((item) => ({ ...item })) };
      return (await request(CropItemsDocument, { input })).cropItems.change;
    }
    case "recrop": {
      const { id, crop, transform } = deed;
      const input = {
        ...envelope,
        crops: [{ id, crop }],
        transforms: [{ id, transform: transformInput(transform) }],
      };
      return (await request(ChangeItemsDocument, { input })).changeItems.change;
    }
    case "replace": {
      const input = { ...envelope, items: deed.items.map((item) => ({ ...item })) };
      return (await request(ReplaceImagesDocument, { input })).replaceImages.change;
    }
    case "fit": {
      const input = {
        ...envelope,
        ids: named(deed.ids),
        into: { frameId: deed.frameId },
        margin: deed.margin,
        mode: deed.mode,
      };
      return (await request(FitToFrameDocument, { input })).fitToFrame.change;
    }
    case "remove": {
      const input = { ...envelope, ids: [...deed.ids] };
      return (await request(RemoveItemsDocument, { input })).removeItems.change;
    }
    case "group": {
      const input = { ...envelope, ids: [...deed.ids], id: deed.id };
      return (await request(GroupItemsDocument, { input })).groupItems.change;
    }
    case "ungroup": {
      const input = { ...envelope, ids: [...deed.ids] };
      return (await request(UngroupItemsDocument, { input })).ungroupItems.change;
    }
    case "regroup": {
      const input = { ...envelope, ids: [...deed.ids], parentId: deed.parentId };
      return (await request(RegroupItemsDocument, { input })).regroupItems.change;
    }
    case "order": {
      const input = { ...envelope, ids: [...deed.ids], to: deed.to };
      return (await request(OrderItemsDocument, { input })).orderItems.change;
    }
    case "move": {
      const input = { ...envelope, ids: [...deed.ids], dx: deed.dx, dy: deed.dy };
      return (await request(MoveItemsDocument, { input })).moveItems.change;
    }
    case "scale": {
      const input = { ...envelope, ids: [...deed.ids], factor: deed.factor, about: deed.about };
      return (await request(ScaleItemsDocument, { input })).scaleItems.change;
    }
    case "rotate": {
      const input = { ...envelope, ids: [...deed.ids], degrees: deed.degrees, about: deed.about };
      return (await request(RotateItemsDocument, { input })).rotateItems.change;
    }
    case "flip": {
      const input = { ...envelope, ids: [...deed.ids], axis: deed.axis, about: deed.about };
      return (await request(FlipItemsDocument, { input })).flipItems.change;
    }
    case "reset": {
      const input = {
        ...envelope,
        ids: [...deed.ids],
        what: [...deed.what],
      };
      return (await request(ResetItemsDocument, { input })).resetItems.change;
    }
    case "align": {
      const input = { ...envelope, ids: named(deed.ids), edge: deed.edge };
      return (await request(AlignItemsDocument, { input })).alignItems.change;
    }
    case "distribute": {
      const input = { ...envelope, ids: named(deed.ids), axis: deed.axis };
      return (await request(DistributeItemsDocument, { input })).distributeItems.change;
    }
    case "normalize": {
      const input = { ...envelope, ids: named(deed.ids), by: deed.by };
      return (await request(NormalizeItemsDocument, { input })).normalizeItems.change;
    }
    case "stack": {
      const input = { ...envelope, ids: named(deed.ids) };
      return (await request(StackItemsDocument, { input })).stackItems.change;
    }
    case "pack": {
      const input = { ...envelope, ids: named(deed.ids), margin: deed.margin };
      return (await request(PackItemsDocument, { input })).packItems.change;
    }
    case "arrange": {
      const input = {
        ...envelope,
        ids: named(deed.ids),
        layout: deed.layout,
        order: deed.order,
        margin: deed.margin,
        seed: deed.seed,
      };
      return (await request(ArrangeItemsDocument, { input })).arrangeItems.change;
    }
    case "compare": {
      const input = { ...envelope, ids: [...deed.ids], by: deed.by, opacity: deed.opacity };
      return (await request(CompareOverlayDocument, { input })).compareOverlay.change;
    }
  }
}

function named(ids: readonly string[] | null): string[] | null {
  return ids && [...ids];
}
