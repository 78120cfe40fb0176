# A machine with every option on, to evaluate and to read; `nixos-rebuild build-vm --flake .#demo` starts it.
{ config, lib, ... }:
{
  services.webref = {
    enable = true;
    servers = 2;
    secretFile = "/run/secrets/webref";
    settings = {
      WEBREF_POOL_SIZE = 12;
      WEBREF_MAX_FILE_MB = 200;
      WEBREF_MAX_BATCH_MB = 2000;
      WEBREF_MAX_MEGAPIXELS = 240;
      WEBREF_RENDITIONS = "320,800,1600";
      WEBREF_WEBP_QUALITY = 85;
      WEBREF_GET_QUERIES = false;
      WEBREF_IDE = true;
      WEBREF_ACCESS_MINUTES = 10;
      WEBREF_REFRESH_DAYS = 30;
      WEBREF_HISTORY_DAYS = 365;
      WEBREF_TRASH_DAYS = 30;
      WEBREF_FETCH_ALLOW = "10.0.0.0/8";
      WEBREF_SNAPSHOT_LINES = 1000;
    };
    database.createLocally = true;
    broker.createLocally = true;
    storage.s3 = {
      bucket = "pictures";
      prefix = "webref";
      endpoint = "https://s3.example.org";
      publicEndpoint = "https://files.example.org";
      region = "eu-central-1";
      accessKeyFile = "/run/secrets/webref-s3-access";
      secretKeyFile = "/run/secrets/webref-s3-secret";
    };
    workers = {
      processes = 2;
      threads = 2;
    };
    nginx = {
      enable = true;
      hostName = "boards.example.org";
      acme = true;
    };
    metrics.enable = true;
    backup = {
      target = "file:///mnt/backup/webref";
      schedule = "*-*-* 02:30";
      keep = 14;
      verify = "monthly";
    };
    doctor = {
      enable = true;
      schedule = "Sun 03:30";
      deep = true;
    };
  };

  security.acme = {
    acceptTerms = true;
    defaults.email = "webmaster@example.org";
  };
  networking.firewall.allowedTCPPorts = [
    80
    443
  ];

  networking.hostName = "demo";
  nixpkgs.hostPlatform = lib.mkDefault "x86_64-linux";
  boot.loader.grub.enable = false;
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };
  system.stateVersion = lib.mkDefault config.system.nixos.release;
}
