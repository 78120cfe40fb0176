# The options of NixOS that services.webref sets, as strict as NixOS is about names and kinds.
{ lib, ... }:
let
  inherit (lib) mkOption types;

  words = mkOption {
    type = types.listOf types.str;
    default = [ ];
  };
  text = mkOption {
    type = types.str;
    default = "";
  };
  flag = mkOption {
    type = types.bool;
    default = false;
  };
  free = mkOption {
    type = types.attrsOf types.anything;
    default = { };
  };
  perhaps =
    type:
    mkOption {
      type = types.nullOr type;
      default = null;
    };
  each =
    options:
    mkOption {
      type = types.attrsOf (types.submodule { inherit options; });
      default = { };
    };
  unit = {
    description = text;
    before = words;
    requiredBy = words;
    after = words;
    wants = words;
    requires = words;
    wantedBy = words;
  };
in
{
  options = {
    assertions = mkOption {
      type = types.listOf types.anything;
      default = [ ];
    };
    environment.systemPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
    };
    users.users = each {
      isSystemUser = flag;
      isNormalUser = flag;
      group = text;
      home = text;
    };
    users.groups = each { };
    systemd.tmpfiles.settings = free;
    systemd.services = each (
      unit
      // {
        environment = mkOption {
          type = types.attrsOf types.str;
          default = { };
        };
        serviceConfig = free;
        stopIfChanged = flag // {
          default = true;
        };
        startAt = text;
        script = text;
        path = mkOption {
          type = types.listOf types.package;
          default = [ ];
        };
      }
    );
    systemd.timers = each { timerConfig = free; };
    systemd.sockets = each (
      unit
      // {
        listenStreams = words;
        socketConfig = free;
      }
    );
    services.garage = free;
    services.postgresql = {
      enable = flag;
      package = mkOption {
        type = types.package;
        default = derivation {
          name = "postgresql-of-this-nixos";
          system = "x86_64-linux";
          builder = "/bin/sh";
        };
      };
      ensureDatabases = words;
      ensureUsers = mkOption {
        type = types.listOf types.anything;
        default = [ ];
      };
    };
    services.redis.servers = each {
      enable = flag;
      port = mkOption {
        type = types.port;
        default = 6379;
      };
      unixSocket = mkOption {
        type = types.str;
        default = "/run/redis-webref/redis.sock";
      };
      group = mkOption {
        type = types.str;
        default = "redis-webref";
      };
    };
    services.nginx = {
      enable = flag;
      recommendedTlsSettings = flag;
      recommendedOptimisation = flag;
      upstreams = each {
        servers = free;
        extraConfig = text;
      };
      virtualHosts = each {
        forceSSL = flag;
        enableACME = flag;
        sslCertificate = perhaps types.path;
        sslCertificateKey = perhaps types.path;
        locations = each {
          proxyPass = text;
          proxyWebsockets = flag;
          recommendedProxySettings = flag;
          extraConfig = text;
        };
      };
    };
    security.acme = free;
    networking = free;
    nixpkgs = free;
    boot = free;
    virtualisation = free;
    fileSystems = free;
    system = {
      stateVersion = text;
      nixos.release = mkOption {
        type = types.str;
        default = "26.11";
      };
    };
  };
}
