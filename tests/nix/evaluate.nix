# What the module makes of a configuration, as plain values: { said = [ … ]; services = …; … }.
{ lib, configuration }:
let
  pkgs = (import ./packages.nix { inherit lib; }).extend (import ../../nix/overlay.nix);
  evaluated = lib.evalModules {
    specialArgs = { inherit pkgs; };
    modules = [
      ./surroundings.nix
      ../../nixos/module.nix
      configuration
    ];
  };
  inherit (evaluated) config;
in
{
  said = map (one: one.message) (builtins.filter (one: !one.assertion) config.assertions);
  inherit (config.systemd) services sockets timers;
  tmpfiles = config.systemd.tmpfiles.settings;
  inherit (config.services) nginx redis;
  databases = config.services.postgresql.ensureDatabases;
  inherit (config) users;
  commands = map (one: one.text) config.environment.systemPackages;
}
