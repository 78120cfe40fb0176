/** What a menu offers: doings, links, choices, further menus, and lines between them. */
import type { Component } from "svelte";

export type MenuEntry =
  | {
      label: string;
      icon?: Component<Record<string, unknown>>;
      keys?: string;
      danger?: boolean;
      disabled?: boolean;
      checked?: boolean;
      href?: string;
      download?: string;
      run?: () => void;
      /** Shown in the place of this menu when it is chosen, with a way back. */
      entries?: readonly MenuEntry[];
    }
  | "line";
