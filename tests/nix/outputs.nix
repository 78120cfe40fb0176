# What the flake gives, as plain values: the derivation of every output, and what the machines of its tests say.
{ lib }:
let
  systems = [
    "x86_64-linux"
    "aarch64-linux"
    "aarch64-darwin"
  ];

  machine =
    system: specialArgs: modules:
    (lib.evalModules {
      specialArgs = {
        pkgs = nixpkgs.legacyPackages.${system};
      }
      // specialArgs;
      modules = [
        ./surroundings.nix
        { networking.primaryIPAddress = "192.168.1.1"; }
      ]
      ++ modules;
    }).config;

  nixpkgs = {
    lib = lib // {
      nixosSystem = { modules }: { config = machine "x86_64-linux" { } modules; };
    };
    legacyPackages = lib.genAttrs systems (system: import ./packages.nix { inherit lib system; });
  };

  outputs = (import ../../flake.nix).outputs {
    self = outputs;
    inherit nixpkgs;
  };

  told = config: {
    said = map (one: one.message) (builtins.filter (one: !one.assertion) config.assertions);
    units = builtins.attrNames config.systemd.services;
    package = if config.services ? webref then config.services.webref.package.drvPath else null;
  };

  ofCheck =
    system: check:
    {
      inherit (check) name drvPath;
    }
    // lib.optionalAttrs (check ? test) {
      script = check.test.testScript;
      nodes =
        let
          nodes = builtins.mapAttrs (_: node: machine system { inherit nodes; } [ node ]) check.test.nodes;
        in
        builtins.mapAttrs (_: told) nodes;
    };

  paths = builtins.mapAttrs (_: builtins.mapAttrs (_: one: one.drvPath));
in
{
  names = builtins.attrNames outputs;
  packages = paths outputs.packages;
  devShells = paths outputs.devShells;
  apps = builtins.mapAttrs (_: builtins.mapAttrs (_: one: one.program)) outputs.apps;
  formatter = builtins.mapAttrs (_: one: one.name) outputs.formatter;
  checks = builtins.mapAttrs (system: builtins.mapAttrs (_: ofCheck system)) outputs.checks;
  demo = told outputs.nixosConfigurations.demo.config;
  overlay = builtins.attrNames (outputs.overlays.default { } { });
  # Of each package of the lock, for each system: what it is made of.
  sources = lib.genAttrs systems (
    system:
    let
      packages = outputs.packages.${system}.backend.python.pkgs;
    in
    builtins.mapAttrs (
      name: _: packages.${name}.attributes.src.name or "nixpkgs"
    ) (builtins.fromJSON (builtins.readFile ../../nix/pins.json)).packages
  );
}
