# Everything of tests/nix at once, as values that become JSON; `lib`: nixpkgs' own, or the stand-in beside this file.
{ lib }:
let
  cases = import ./cases.nix;
  evaluated = configuration: import ./evaluate.nix { inherit lib configuration; };
in
{
  good = builtins.mapAttrs (_: evaluated) cases.good;
  half = builtins.mapAttrs (_: case: (evaluated case).said) cases.half;
  wrong = builtins.mapAttrs (
    _: case:
    let
      result = evaluated case;
    in
    (builtins.tryEval (builtins.deepSeq result true)).success
  ) cases.wrong;
}
