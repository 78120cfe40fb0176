# Two machines: nginx with TLS, two servers, two workers, PostgreSQL, Redis and an S3 server; and somebody far away.
{ common, script, ... }:
let
  name = "boards.test";
  access = "GK31c2f218a2e44f485b94239e";
  secret = "b892c0665f0ada8a4755dae98baa3b133590e11dae3bcc1f9d769d67f16c3835";
in
{
  name = "webref-full-stack";

  nodes.server =
    { lib, pkgs, ... }:
    {
      imports = [ common ];

      services.webref = {
        servers = 2;
        metrics.enable = true;
        workers.processes = 2;
        broker.createLocally = true;
        storage.s3 = {
          bucket = "pictures";
          endpoint = "http://127.0.0.1:3900";
          region = "garage";
          accessKeyFile = "/run/secrets/access";
          secretKeyFile = "/run/secrets/secret";
        };
        nginx = {
          enable = true;
          hostName = name;
          certificate = "/run/certificate/boards.crt";
          certificateKey = "/run/certificate/boards.key";
        };
      };
      networking.firewall.allowedTCPPorts = [ 443 ];

      systemd.tmpfiles.settings.secrets = {
        "/run/secrets/access".f = {
          mode = "0600";
          argument = access;
        };
        "/run/secrets/secret".f = {
          mode = "0600";
          argument = secret;
        };
      };

      systemd.services.certificate = {
        wantedBy = [ "nginx.service" ];
        before = [ "nginx.service" ];
        path = [ pkgs.openssl ];
        script = ''
          openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=DNS:${name} \
            -keyout /run/certificate/boards.key -out /run/certificate/boards.crt
          chown -R nginx /run/certificate
        '';
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          RuntimeDirectory = "certificate";
        };
      };

      services.garage = {
        enable = true;
        package = pkgs.garage_2;
        settings = {
          replication_factor = 1;
          rpc_bind_addr = "127.0.0.1:3901";
          rpc_public_addr = "127.0.0.1:3901";
          rpc_secret = "5c1915fa04d0b6739675c61bf5907eb0fe3d9c69850c83820f51b4d25d13868c";
          s3_api = {
            s3_region = "garage";
            api_bind_addr = "127.0.0.1:3900";
          };
        };
      };
      systemd.services.bucket = {
        wantedBy = [ "multi-user.target" ];
        requires = [ "garage.service" ];
        after = [ "garage.service" ];
        before = [ "webref-migrate.service" ];
        requiredBy = [ "webref-migrate.service" ];
        path = [ pkgs.garage_2 ];
        script = ''
          until garage status; do sleep 1; done
          garage layout assign --zone here --capacity 1G "$(garage node id --quiet | cut -d @ -f 1)"
          garage layout apply --version 1
          garage key import --yes -n webref ${access} ${secret}
          garage bucket create pictures
          garage bucket allow --read --write --owner pictures --key webref
        '';
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
        };
      };
      virtualisation.memorySize = lib.mkForce 3072;
    };

  nodes.client =
    { nodes, pkgs, ... }:
    {
      networking.hosts.${nodes.server.networking.primaryIPAddress} = [ name ];
      environment.systemPackages = [
        pkgs.curl
        pkgs.python3
      ];
    };

  testScript = script;
}
