import { createRawSnippet, flushSync, mount, unmount, type Component } from "svelte";
import { afterEach, expect, test, vi } from "vitest";
import { RequestFailed } from "$lib/graphql/failure";
import TagField from "$lib/library/TagField.svelte";
import BoardDialog from "$lib/boards/BoardDialog.svelte";
import type { LibraryPictureFragment } from "$generated/graphql";
import PictureTile from "$lib/library/PictureTile.svelte";
import Dialog from "$lib/ui/Dialog.svelte";
import Thumb from "$lib/ui/Thumb.svelte";
import { toasts } from "$lib/ui/toasts.svelte";

let shown: object | null = null;

function show<P extends Record<string, unknown>>(view: Component<P, object, string>, props: P): HTMLElement {
  const target = document.createElement("div");
  document.body.append(target);
  shown = mount(view, { target, props });
  flushSync();
  return target;
}

afterEach(async () => {
  if (shown) await unmount(shown);
  shown = null;
  document.body.replaceChildren();
});

function type(field: HTMLInputElement, text: string) {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  flushSync();
}

function press(field: HTMLElement, key: string) {
  field.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  flushSync();
}

test("tags are added by Enter and comma, trimmed and once each; Backspace takes the last", () => {
  const onchange = vi.fn();
  const place = show(TagField, { tags: ["forest"], onchange });
  const field = place.querySelector("input") as HTMLInputElement;
  expect(place.querySelector(`label[for="${field.id}"]`)?.textContent).toBe("Tags");
  type(field, "  Moss , Forest, light ");
  press(field, "Enter");
  expect(onchange).toHaveBeenLastCalledWith(["forest", "Moss", "light"]);
  expect(field.value).toBe("");
  press(field, "Backspace");
  expect(onchange).toHaveBeenLastCalledWith([]);
});

test("a board without a name is asked for one, in words tied to the field", () => {
  const save = vi.fn(async () => {});
  const place = show(BoardDialog, { open: true, heading: "New board", action: "Create", save });
  const form = place.querySelector("form") as HTMLFormElement;
  form.dispatchEvent(new Event("submit", { cancelable: true }));
  flushSync();
  expect(save).not.toHaveBeenCalled();
  const field = place.querySelector("input") as HTMLInputElement;
  expect(field.getAttribute("aria-invalid")).toBe("true");
  const words = document.getElementById(field.getAttribute("aria-describedby") ?? "");
  expect(words?.textContent).toContain("needs a name");
});

test("Enter in a dialog is what is written there, or the button that is marked, and never by itself what cannot be taken back", () => {
  const html = (words: string) => createRawSnippet(() => ({ render: () => words }));
  const actions = html("<p><button>Cancel</button><button data-default>Start</button></p>");
  const focused = () => document.activeElement?.textContent;
  show(Dialog, { open: true, title: "Slideshow", children: html("<p>5 s</p>"), actions });
  expect(focused()).toBe("Start");
  show(Dialog, { open: true, title: "Name it", children: html('<input type="text" />'), actions });
  expect(document.activeElement?.tagName).toBe("INPUT");
  const unmarked = html("<p><button>Cancel</button><button>Delete</button></p>");
  show(Dialog, { open: true, title: "Sure?", children: html("<p>For good.</p>"), actions: unmarked });
  expect(focused()).not.toBe("Delete");
});

test("what the server refuses is said inside the dialog, which stays open", async () => {
  const save = vi.fn(async () => {
    throw new RequestFailed("DATABASE_UNAVAILABLE", "The database does not answer.");
  });
  const place = show(BoardDialog, { open: true, heading: "New board", action: "Create", save });
  type(place.querySelector("input") as HTMLInputElement, "  Forest ");
  (place.querySelector("form") as HTMLFormElement).dispatchEvent(new Event("submit", { cancelable: true }));
  await vi.waitFor(() =>
    expect(place.querySelector('[role="alert"]')?.textContent).toContain("does not answer"),
  );
  expect(save).toHaveBeenCalledWith({ title: "Forest", description: "" });
  expect(place.querySelector("dialog")).not.toBeNull();
});

test("a picture keeps its placeholder until a rendition has loaded, and names itself", () => {
  const place = show(Thumb, {
    sizes: "100px",
    picture: {
      id: "1",
      name: "moss.jpg",
      title: "",
      placeholder: "1QcSHQRnh493V4dIh4eXh1h4kJUI",
      width: 400,
      height: 300,
      state: "READY",
      renditions: [
        { width: 800, url: "/files/1/800" },
        { width: 320, url: "/files/1/320" },
      ],
    },
  });
  const picture = place.querySelector("img") as HTMLImageElement;
  expect(picture.getAttribute("srcset")).toBe("/files/1/320 320w, /files/1/800 800w");
  expect(picture.alt).toBe("moss.jpg");
  const placeholder = place.querySelector("canvas") as HTMLCanvasElement;
  expect(placeholder.classList.contains("gone")).toBe(false);
  picture.dispatchEvent(new Event("load"));
  flushSync();
  expect(placeholder.classList.contains("gone")).toBe(true);
});

test("toasts are few, and those with an action stay longer", () => {
  for (let count = 0; count < 6; count++) toasts.say(`number ${count}`);
  expect(toasts.shown.map((toast) => toast.text)).toEqual(["number 2", "number 3", "number 4", "number 5"]);
  const id = toasts.say("trashed", { action: { label: "Undo", run: () => {} } });
  expect(toasts.shown.at(-1)?.seconds).toBeGreaterThan(toasts.shown[0]?.seconds ?? 0);
  toasts.dismiss(id);
  expect(toasts.shown.some((toast) => toast.id === id)).toBe(false);
  toasts.say("number 3");
  expect(toasts.shown.map((toast) => toast.text)).toEqual(["number 4", "number 5", "number 3"]);
});

test("of a picture that is cut to a band a size is asked for that is sharp in its height", () => {
  const sizesOf = (width: number, height: number) => {
    const picture = {
      ...{ id: "1", name: "a", title: "", placeholder: "", width, height, palette: [], state: "READY" },
      renditions: [320, 1600].map((made) => ({ width: made, url: `/files/1/${made}` })),
    } as unknown as LibraryPictureFragment;
    const place = show(PictureTile as Component<Record<string, unknown>, object, string>, {
      picture,
      isChosen: false,
      onchoose: () => {},
    });
    return parseInt(place.querySelector("img")!.getAttribute("sizes")!);
  };
  const [band, photo, column] = [sizesOf(20_000, 1000), sizesOf(1500, 1000), sizesOf(1000, 20_000)];
  expect(band / photo).toBeCloseTo(20 / 1.5, 1);
  expect(column / photo).toBeCloseTo(0.45 / 1.5, 1);
});
