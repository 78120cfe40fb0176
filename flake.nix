{
  description = "webref, a self-hosted reference board";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;

      # By hand: nixpkgs has no x86_64-darwin any more.
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];

      packagesOf = system: nixpkgs.legacyPackages.${system}.extend self.overlays.default;
      forEach = make: lib.genAttrs systems (system: make (packagesOf system));
    in
    {
      overlays.default = import ./nix/overlay.nix;

      packages = forEach (pkgs: {
        backend = pkgs.webref-backend;
        frontend = pkgs.webref-frontend;
        schema = pkgs.webref-schema;
        default = pkgs.webref;
      });

      apps = forEach (pkgs: {
        default = {
          type = "app";
          program = lib.getExe pkgs.webref;
          meta.description = "The webref command; `nix run . -- serve` serves it";
        };
      });

      devShells = forEach (pkgs: {
        default = pkgs.callPackage ./nix/devshell.nix { };
      });

      formatter = forEach (pkgs: pkgs.nixfmt-tree);

      nixosModules.default =
        { pkgs, ... }:
        {
          imports = [ ./nixos/module.nix ];
          services.webref.package = lib.mkDefault self.packages.${pkgs.stdenv.hostPlatform.system}.default;
        };

      nixosConfigurations.demo = lib.nixosSystem {
        modules = [
          self.nixosModules.default
          ./nixos/demo.nix
        ];
      };

      checks = forEach (
        pkgs:
        {
          backend = pkgs.webref-backend;
          frontend = pkgs.webref-frontend;
          pytest = pkgs.webref-backend.tests;
        }
        // lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux (
          import ./nixos/tests {
            inherit pkgs;
            module = self.nixosModules.default;
          }
        )
      );
    };
}
