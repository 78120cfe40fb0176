# The tests in virtual machines, by name; each is a .nix file with its machines and a .py file with what happens.
{ pkgs, module }:
let
  inherit (pkgs) lib;

  run =
    name: arguments:
    pkgs.testers.runNixOSTest (
      import ./${name}.nix (
        {
          inherit lib;
          common = import ./common.nix { inherit module; };
          script = builtins.readFile ./common.py + builtins.readFile ./${name}.py;
        }
        // arguments
      )
    );

  # Every PostgreSQL that nixpkgs and webref both support.
  matrix = lib.genAttrs [ "15" "16" "17" "18" ] (
    version:
    run "backend-integration" {
      label = "postgresql-${version}";
      postgresql = pkgs."postgresql_${version}";
    }
  );
in
{
  backend-integration = run "backend-integration" { };
  full-stack = run "full-stack" { };
  performance = run "performance" { };
  security = run "security" { };
}
// lib.mapAttrs' (version: lib.nameValuePair "postgresql-${version}") matrix
