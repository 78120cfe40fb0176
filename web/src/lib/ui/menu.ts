/** What a menu offers: doings, links, choices, and lines between them. */
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
    }
  | "line";
