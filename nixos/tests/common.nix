# What every machine of the tests has: webref, what the scripts call, and a secret that is not in the store.
{ module }:
{ pkgs, ... }:
{
  imports = [ module ];

  services.webref = {
    enable = true;
    secretFile = "/run/secrets/webref";
  };

  systemd.tmpfiles.settings.secrets = {
    "/run/secrets".d.mode = "0700";
    "/run/secrets/webref".f = {
      mode = "0600";
      argument = "a secret of this test that nobody else may read";
    };
  };

  environment.systemPackages = [
    pkgs.curl
    pkgs.jq
    pkgs.python3
  ];

  virtualisation.memorySize = 2048;
  virtualisation.cores = 2;
}
