# services.webref: the server, its workers and what they need, as units of systemd.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    concatMapStringsSep
    escapeShellArg
    filterAttrs
    genList
    hasPrefix
    listToAttrs
    mapAttrs
    mapAttrs'
    mapAttrsToList
    mkDefault
    mkIf
    mkMerge
    nameValuePair
    optional
    optionalAttrs
    ;

  cfg = config.services.webref;
  s3 = cfg.storage.s3;
  user = "webref";

  asText =
    value:
    if value == true then
      "true"
    else if value == false then
      "false"
    else
      toString value;

  # systemd expands what follows a percent sign.
  literally = builtins.replaceStrings [ "%" ] [ "%%" ];

  place =
    if s3.bucket != null then
      "s3://${s3.bucket}" + (if s3.prefix == null then "" else "/${s3.prefix}")
    else if cfg.storage.folder != null then
      "file://${cfg.storage.folder}"
    else
      null;

  databaseUrl =
    if cfg.database.createLocally then
      "postgresql://${user}@/${user}?host=/run/postgresql"
    else
      cfg.database.url;

  # Everything that is no secret, as the processes see it.
  plain = mapAttrs (_: asText) (
    filterAttrs (_: value: value != null) (
      cfg.settings
      // {
        WEBREF_DATA = cfg.dataDir;
        WEBREF_PUBLIC_URL = cfg.publicUrl;
        WEBREF_STORAGE = place;
        WEBREF_S3_ENDPOINT = s3.endpoint;
        WEBREF_S3_PUBLIC_ENDPOINT = s3.publicEndpoint;
        WEBREF_S3_REGION = s3.region;
        WEBREF_DATABASE_URL = databaseUrl;
        WEBREF_MAIL_FROM = cfg.mail.from;
        WEBREF_POSTGRES_BIN = "${cfg.database.package}/bin";
        WEBREF_BROKER_URL =
          if cfg.broker.createLocally then
            "unix://${config.services.redis.servers.webref.unixSocket}"
          else
            null;
      }
    )
  );

  # Variable → the file with its value, for those that are given.
  secrets = filterAttrs (_: file: file != null) {
    WEBREF_SECRET = cfg.secretFile;
    WEBREF_DATABASE_URL = cfg.database.urlFile;
    WEBREF_BROKER_URL = cfg.broker.urlFile;
    WEBREF_SMTP_URL = cfg.mail.smtpUrlFile;
    WEBREF_S3_ACCESS_KEY = s3.accessKeyFile;
    WEBREF_S3_SECRET_KEY = s3.secretKeyFile;
    WEBREF_OIDC_CLIENT_SECRET = cfg.oidc.clientSecretFile;
    WEBREF_LDAP_BIND_PASSWORD = cfg.ldap.bindPasswordFile;
  };
  credentials = mapAttrsToList (variable: file: "${variable}:${file}") secrets;

  environment =
    mapAttrs (_: literally) plain
    // mapAttrs' (variable: _: nameValuePair "${variable}_FILE" "%d/${variable}") secrets;

  # Several processes of a kind are numbered from 1; a single one needs no number.
  named =
    kind: number:
    if number == 1 then
      [ "webref-${kind}" ]
    else
      genList (index: "webref-${kind}-${toString (index + 1)}") number;
  servers = named "server" cfg.servers;
  workers = if cfg.workers.processes == 0 then [ ] else named "worker" cfg.workers.processes;

  portOf = index: cfg.listen.port + index;
  hostOf = address: if lib.hasInfix ":" address then "[${address}]" else address;
  addresses = genList (index: "${hostOf cfg.listen.address}:${toString (portOf index)}") cfg.servers;

  groups = optional cfg.broker.createLocally config.services.redis.servers.webref.group;
  ground =
    optional cfg.database.createLocally "postgresql.target"
    ++ optional cfg.broker.createLocally "redis-webref.service";

  backupFolder =
    if cfg.backup.target != null && hasPrefix "file://" cfg.backup.target then
      lib.removePrefix "file://" cfg.backup.target
    else
      null;

  writable =
    optional (backupFolder != null) backupFolder
    ++ optional (!hasPrefix "/var/lib/" cfg.dataDir) cfg.dataDir
    ++ optional (cfg.storage.folder != null) cfg.storage.folder;

  # The decoder of pictures confines itself further, by Landlock, seccomp and limits: the calls for these stay
  # allowed, by their names, since without them it would go on unconfined. A network namespace of its own it has
  # to do without: user namespaces for everything here would cost more than that wins over seccomp.
  confined = {
    User = user;
    Group = user;
    SupplementaryGroups = groups;
    LoadCredential = credentials;
    WorkingDirectory = "/";
    UMask = "0077";
    ReadWritePaths = writable;

    AmbientCapabilities = [ "" ];
    CapabilityBoundingSet = [ "" ];
    DevicePolicy = "closed";
    KeyringMode = "private";
    LockPersonality = true;
    MemoryDenyWriteExecute = true;
    NoNewPrivileges = true;
    PrivateDevices = true;
    PrivateMounts = true;
    PrivateTmp = true;
    PrivateUsers = true;
    ProcSubset = "pid";
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectHome = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    ProtectProc = "invisible";
    ProtectSystem = "strict";
    RemoveIPC = true;
    RestrictAddressFamilies = [
      "AF_INET"
      "AF_INET6"
      "AF_UNIX"
    ];
    RestrictNamespaces = true;
    RestrictRealtime = true;
    RestrictSUIDSGID = true;
    SystemCallArchitectures = "native";
    SystemCallErrorNumber = "EPERM";
    SystemCallFilter = [
      "@system-service"
      "~@privileged @resources"
      "setrlimit prlimit64 setpriority landlock_create_ruleset landlock_add_rule landlock_restrict_self"
    ];
  }
  // optionalAttrs (hasPrefix "/var/lib/" cfg.dataDir) {
    StateDirectory = lib.removePrefix "/var/lib/" cfg.dataDir;
    StateDirectoryMode = "0700";
  };

  webref = "${cfg.package}/bin/webref";

  # What serves and what works: long-lived, ready when it says so, drained when it is stopped.
  lasting = {
    Type = "notify";
    Restart = "always";
    RestartSec = 2;
    TimeoutStartSec = 600;
    TimeoutStopSec = 60;
    KillMode = "mixed";
    LimitNOFILE = 65536;
  };

  unit =
    description: extra:
    mkMerge [
      {
        inherit description environment;
        after = [ "network-online.target" ] ++ ground;
        wants = [ "network-online.target" ] ++ ground;
        serviceConfig = confined;
      }
      extra
    ];

  # Every process tells of itself, on a port of its own: the servers first, then the workers.
  metricsOf =
    number:
    optionalAttrs cfg.metrics.enable {
      WEBREF_METRICS = "${hostOf cfg.metrics.address}:${toString (cfg.metrics.port + number)}";
    };

  server =
    index: name:
    nameValuePair name (
      unit "webref: API and web app" {
        wantedBy = [ "multi-user.target" ];
        after = [
          "webref-migrate.service"
          "${name}.socket"
        ];
        requires = [
          "webref-migrate.service"
          "${name}.socket"
        ];
        # Restarted in one go: the socket stays, and who comes meanwhile waits in it.
        stopIfChanged = false;
        environment = {
          WEBREF_WORKERS = toString (if workers == [ ] then cfg.workers.threads else 0);
        }
        // optionalAttrs (cfg.trustedProxies != [ ]) {
          FORWARDED_ALLOW_IPS = lib.concatStringsSep "," cfg.trustedProxies;
        }
        // metricsOf index;
        serviceConfig = lasting // {
          ExecStart = "${webref} serve";
        };
      }
    );

  socket =
    index: name:
    nameValuePair name {
      description = "webref: where its server listens";
      wantedBy = [ "sockets.target" ];
      listenStreams = [ (builtins.elemAt addresses index) ];
      socketConfig = {
        Backlog = 1024;
        NoDelay = true;
      };
    };

  worker =
    index: name:
    nameValuePair name (
      unit "webref: background work" {
        wantedBy = [ "multi-user.target" ];
        after = [ "webref-migrate.service" ];
        requires = [ "webref-migrate.service" ];
        environment = {
          WEBREF_WORKERS = toString cfg.workers.threads;
        }
        // metricsOf (cfg.servers + index);
        serviceConfig = lasting // {
          ExecStart = "${webref} worker";
        };
      }
    );

  # What a timer starts, behind everything else.
  rarely =
    description: schedule: command:
    unit description {
      after = [ "webref-migrate.service" ];
      startAt = schedule;
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${webref} ${command}";
        IOSchedulingClass = "idle";
        Nice = 15;
      };
    };

  # `webref-manage user list` and so on, as the units run it: same person, settings, secrets and confinement.
  manage = pkgs.writeShellScriptBin "webref-manage" ''
    set -eu
    if [ "$(id -u)" != 0 ]; then
      echo "webref-manage: run it as root (sudo webref-manage …), it becomes ${user} by itself" >&2
      exit 1
    fi
    terminal=--pipe
    if [ -t 0 ] && [ -t 1 ]; then terminal=--pty; fi
    exec systemd-run --quiet --collect --wait "$terminal" --service-type=exec \
      --property=User=${user} --property=Group=${user} --property=UMask=0077 \
      --property=NoNewPrivileges=yes --property=PrivateTmp=yes --property=ProtectHome=yes \
      --property=ProtectSystem=strict --property=ReadWritePaths=${escapeShellArg cfg.dataDir} \
      ${
        concatMapStringsSep " " (path: "--property=ReadWritePaths=${escapeShellArg path}") writable
      } \
      ${concatMapStringsSep " " (group: "--property=SupplementaryGroups=${group}") groups} \
      ${
        concatMapStringsSep " " (
          credential: "--property=LoadCredential=${escapeShellArg credential}"
        ) credentials
      } \
      ${
        lib.concatStringsSep " " (
          mapAttrsToList (variable: value: "--setenv=${variable}=${escapeShellArg value}") plain
        )
      } \
      -- ${pkgs.runtimeShell} -euc '${
        lib.concatStringsSep " " (
          mapAttrsToList (
            variable: _: ''export ${variable}_FILE="$CREDENTIALS_DIRECTORY/${variable}";''
          ) secrets
        )
      } exec ${webref} "$@"' webref "$@"
  '';
in
{
  imports = [
    ./options.nix
    ./assertions.nix
  ];

  config = mkIf cfg.enable {
    services.webref.publicUrl = mkIf (cfg.nginx.enable && cfg.nginx.hostName != null) (
      mkDefault "https://${cfg.nginx.hostName}"
    );

    users.users.${user} = {
      isSystemUser = true;
      group = user;
      home = cfg.dataDir;
    };
    users.groups.${user} = { };

    environment.systemPackages = [ manage ];

    systemd.tmpfiles.settings.webref = listToAttrs (
      map (path: nameValuePair path { d = { inherit user; group = user; mode = "0700"; }; }) writable
    );

    systemd.sockets = listToAttrs (lib.imap0 socket servers);

    systemd.services = mkMerge [
      {
        webref-migrate = unit "webref: bring the database to this release" {
          wantedBy = [ "multi-user.target" ];
          serviceConfig = {
            Type = "oneshot";
            RemainAfterExit = true;
            # What needs it waits until the database is there, instead of failing with the first try.
            Restart = "on-failure";
            RestartMode = "direct";
            RestartSec = 5;
            TimeoutStartSec = "infinity";
            ExecStart = "${webref} migrate";
          };
        };
      }
      (listToAttrs (lib.imap0 server servers))
      (listToAttrs (lib.imap0 worker workers))
      (mkIf (cfg.backup.target != null) {
        webref-backup = rarely "webref: backup" cfg.backup.schedule (
          "backup ${lib.escapeShellArg cfg.backup.target}"
          + (if cfg.backup.keep == null then "" else " --keep ${toString cfg.backup.keep}")
        );
      })
      (mkIf (cfg.backup.target != null && cfg.backup.verify != null) {
        webref-restore-drill = rarely "webref: whether the latest backup can be restored" cfg.backup.verify (
          "restore ${lib.escapeShellArg cfg.backup.target} --verify"
        );
      })
      (mkIf cfg.doctor.enable {
        webref-doctor = rarely "webref: look whether everything is well" cfg.doctor.schedule (
          "doctor" + (if cfg.doctor.deep then " --deep" else "")
        );
      })
    ];

    # What was due while the machine was off is made up for.
    systemd.timers =
      lib.genAttrs
        (
          optional (cfg.backup.target != null) "webref-backup"
          ++ optional (cfg.backup.target != null && cfg.backup.verify != null) "webref-restore-drill"
          ++ optional cfg.doctor.enable "webref-doctor"
        )
        (_: {
          timerConfig.Persistent = true;
        });

    services.postgresql = mkIf cfg.database.createLocally {
      enable = true;
      ensureDatabases = [ user ];
      ensureUsers = [
        {
          name = user;
          ensureDBOwnership = true;
        }
      ];
    };

    services.redis.servers = mkIf cfg.broker.createLocally {
      webref = {
        enable = true;
        port = 0;
      };
    };

    services.nginx = mkIf (cfg.nginx.enable && cfg.nginx.hostName != null) {
      enable = true;
      recommendedTlsSettings = mkDefault true;
      recommendedOptimisation = mkDefault true;
      upstreams.webref = {
        # A server that is gone for a moment is asked again at once: its socket takes the connection meanwhile.
        servers = lib.genAttrs addresses (_: {
          max_fails = 0;
        });
        extraConfig = ''
          least_conn;
        '';
      };
      virtualHosts.${cfg.nginx.hostName} = {
        forceSSL = true;
        enableACME = cfg.nginx.acme;
        sslCertificate = mkIf (cfg.nginx.certificate != null) cfg.nginx.certificate;
        sslCertificateKey = mkIf (cfg.nginx.certificateKey != null) cfg.nginx.certificateKey;
        locations."/" = {
          proxyPass = "http://webref";
          proxyWebsockets = true;
          recommendedProxySettings = true;
          extraConfig = ''
            # webref bounds what is sent itself, and reads it as it comes; a websocket may be silent for long.
            client_max_body_size 0;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_read_timeout 1h;
          '';
        };
      };
    };
  };
}
