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
    literalExpression
    mapAttrs
    mapAttrs'
    mapAttrsToList
    mkDefault
    mkEnableOption
    mkIf
    mkMerge
    mkOption
    nameValuePair
    optional
    optionalAttrs
    optionals
    types
    ;

  cfg = config.services.webref;
  s3 = cfg.storage.s3;
  user = "webref";

  # A file that root or an operator's tool lays down at run time. In the store everybody could read it.
  secretFile = types.pathWith {
    absolute = true;
    inStore = false;
  };

  secretOption =
    variable: example: description:
    mkOption {
      type = types.nullOr secretFile;
      default = null;
      inherit example;
      description = ''
        ${description}

        The file may belong to root alone; systemd hands its content to the units as a credential (`${variable}_FILE`).
      '';
    };

  setting =
    type: example: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit example description;
    };

  between = least: most: setting (types.ints.between least most);

  knownSettings = {
    WEBREF_POOL_SIZE =
      between 2 200 20
        "Connections to PostgreSQL of each process; the product's default is 10.";
    WEBREF_MAX_FILE_MB = between 1 100000 200 "Largest picture in megabytes; the product's default is 50.";
    WEBREF_MAX_BATCH_MB =
      between 1 1000000 2000
        "Largest batch of pictures in megabytes; the product's default is 500.";
    WEBREF_MAX_MEGAPIXELS =
      between 1 1000 240
        "Largest picture in millions of pixels; the product's default is 120.";
    WEBREF_RENDITIONS =
      setting (types.strMatching "[0-9]+(,[0-9]+)*") "320,1600"
        "Longest sides of the smaller sizes of every picture, in pixels, ascending; the product's default is 320,800,1600.";
    WEBREF_WEBP_QUALITY =
      between 1 100 90
        "Quality of what is made of pictures; the product's default is 85.";
    WEBREF_GET_QUERIES = setting types.bool true "Whether GraphQL queries are answered over GET; the product's default is no.";
    WEBREF_IDE = setting types.bool false "Whether the GraphQL IDE is there at `/ide`; the product's default is yes.";
    WEBREF_ACCESS_MINUTES = between 1 10 5 "Minutes for which an access token lasts; the product's default is 10.";
    WEBREF_REFRESH_DAYS = between 1 365 90 "Days for which an unused session lasts; the product's default is 30.";
    WEBREF_HISTORY_DAYS =
      setting (types.either (types.enum [ 0 ]) (types.ints.between 7 36500)) 365
        "Days of every board's history that are kept; 0, the product's default, keeps all of it.";
    WEBREF_TRASH_DAYS =
      between 0 36500 90
        "Days for which a picture stays in the trash; 0 keeps it until it is deleted by hand. The product's default is 30.";
    WEBREF_FETCH_ALLOW =
      setting types.str "10.0.0.0/8, fd00::/8"
        "Networks beside the public internet from which pictures may be fetched by their address; by default none.";
    WEBREF_SNAPSHOT_LINES =
      between 10 1000000 500
        "Changes of a board between two snapshots of it; the product's default is 1000.";
  };

  # What options of their own decide, or what holds a secret: never to be set in `settings`.
  reserved = {
    WEBREF_DATA = "dataDir";
    WEBREF_HOST = "listen.address";
    WEBREF_PORT = "listen.port";
    WEBREF_WEB = "package";
    WEBREF_WORKERS = "workers.threads";
    WEBREF_PUBLIC_URL = "publicUrl";
    WEBREF_SECRET = "secretFile";
    WEBREF_DATABASE_URL = "database.url or database.urlFile";
    WEBREF_POSTGRES_BIN = "database.package, whose programs make and try the backups";
    WEBREF_BROKER_URL = "broker.createLocally or broker.urlFile";
    WEBREF_METRICS = "metrics.enable";
    WEBREF_STORAGE = "storage.folder or storage.s3.bucket";
    WEBREF_S3_ENDPOINT = "storage.s3.endpoint";
    WEBREF_S3_PUBLIC_ENDPOINT = "storage.s3.publicEndpoint";
    WEBREF_S3_REGION = "storage.s3.region";
    WEBREF_S3_ACCESS_KEY = "storage.s3.accessKeyFile";
    WEBREF_S3_SECRET_KEY = "storage.s3.secretKeyFile";
  };

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
    WEBREF_S3_ACCESS_KEY = s3.accessKeyFile;
    WEBREF_S3_SECRET_KEY = s3.secretKeyFile;
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
  options.services.webref = {
    enable = mkEnableOption "webref, a self-hosted reference board";

    package = mkOption {
      type = types.package;
      default = pkgs.webref;
      defaultText = literalExpression "pkgs.webref";
      example = literalExpression "pkgs.webref";
      description = "The webref to run, with its web app. The module of the flake gives the package of the flake.";
    };

    dataDir = mkOption {
      type = types.pathWith {
        absolute = true;
        inStore = false;
      };
      default = "/var/lib/webref";
      example = "/srv/webref";
      description = ''
        Folder of everything that is kept on disk. Below `/var/lib` systemd makes it; elsewhere it is made with
        systemd-tmpfiles, and its parent has to be there.
      '';
    };

    servers = mkOption {
      type = types.ints.between 1 32;
      default = 1;
      example = 2;
      description = ''
        Processes that serve. Each listens on a port of its own, counted up from {option}`services.webref.listen.port`;
        nginx spreads the connections over them.
      '';
    };

    listen = {
      address = mkOption {
        type = types.str;
        default = "127.0.0.1";
        example = "10.0.0.4";
        description = ''
          Address at which systemd listens for the servers. What is not this machine's own loopback needs
          {option}`services.webref.trustedProxies` and a firewall: the servers speak plain HTTP.
        '';
      };
      port = mkOption {
        type = types.port;
        default = 8484;
        example = 9000;
        description = "Port of the first server.";
      };
    };

    trustedProxies = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "10.0.0.2" ];
      description = ''
        Addresses of proxies whose `X-Forwarded-For` is believed, for limits of attempts and for the list of sessions.
        An empty list believes 127.0.0.1, which is right for the nginx of this module.
      '';
    };

    publicUrl = mkOption {
      type = types.nullOr (types.strMatching "https?://[^/]+");
      default = null;
      example = "https://boards.example.org";
      description = ''
        The address that people use. With `https` cookies are Secure. Where {option}`services.webref.nginx.enable` is
        set it follows from the host name by itself.
      '';
    };

    secretFile =
      secretOption "WEBREF_SECRET" "/run/secrets/webref"
        "File with the secret that signs sessions, at least 32 characters. Without it one is made in the data folder; several machines need the same one.";

    settings = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf (
          types.nullOr (
            types.oneOf [
              types.bool
              types.int
              types.str
            ]
          )
        );
        options = knownSettings;
      };
      default = { };
      example = {
        WEBREF_TRASH_DAYS = 90;
        WEBREF_IDE = false;
      };
      description = ''
        Further settings of the product, by the names of its README. What is null keeps the product's default.
        Nothing secret belongs here: it would be readable by everybody in the Nix store.
      '';
    };

    database = {
      createLocally = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether a database in this machine's PostgreSQL is made and used, without any password.";
      };
      url = mkOption {
        type = types.nullOr (types.strMatching "postgres(ql)?://.*");
        default = null;
        example = "postgresql://webref@db.example.org/webref";
        description = ''
          Address of a PostgreSQL elsewhere, 14 or newer, if it holds no password; else use
          {option}`services.webref.database.urlFile`.
        '';
      };
      urlFile =
        secretOption "WEBREF_DATABASE_URL" "/run/secrets/webref-database"
          "File with the address of a PostgreSQL elsewhere, password included.";
    };

    database.package = mkOption {
      type = types.package;
      default = if cfg.database.createLocally then config.services.postgresql.package else pkgs.postgresql_18;
      defaultText = literalExpression "config.services.postgresql.package, or pkgs.postgresql_18 for a database elsewhere";
      example = literalExpression "pkgs.postgresql_17";
      description = ''
        PostgreSQL whose `pg_dump` and `pg_restore` make backups: of the version of the database, or newer.
      '';
    };

    broker = {
      createLocally = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          Whether a Redis of this machine carries hints to the workers, over a socket. Jobs are rows of the database:
          without a broker they are found there, nothing depends on it.
        '';
      };
      urlFile =
        secretOption "WEBREF_BROKER_URL" "/run/secrets/webref-broker"
          "File with the address of a Redis or RabbitMQ elsewhere, such as `redis://…` or `amqp://…`.";
    };

    storage = {
      folder = mkOption {
        type = types.nullOr (
          types.pathWith {
            absolute = true;
            inStore = false;
          }
        );
        default = null;
        example = "/mnt/pictures";
        description = "Folder for the pictures alone; null keeps them in the data folder. It has to belong to `webref`.";
      };
      s3 = {
        bucket = mkOption {
          type = types.nullOr (types.strMatching "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
          default = null;
          example = "pictures";
          description = ''
            Bucket for the pictures, of any server that speaks S3. What lies in a folder already is moved there by
            `webref-manage storage move`, while people go on working.
          '';
        };
        prefix = mkOption {
          type = types.nullOr (types.strMatching "[^/].*[^/]|[^/]");
          default = null;
          example = "webref";
          description = "What the keys in the bucket begin with.";
        };
        endpoint = mkOption {
          type = types.nullOr (types.strMatching "https?://.+");
          default = null;
          example = "https://s3.example.org";
          description = "Address of the S3 server; without one Amazon's own.";
        };
        publicEndpoint = mkOption {
          type = types.nullOr (types.strMatching "https?://[^/]+");
          default = null;
          example = "https://files.example.org";
          description = ''
            Address at which browsers and scripts reach the S3 server: large files then go straight to the bucket, which
            needs a CORS rule.
          '';
        };
        region = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "eu-central-1";
          description = "Region of the bucket; the product's default is us-east-1.";
        };
        accessKeyFile =
          secretOption "WEBREF_S3_ACCESS_KEY" "/run/secrets/webref-s3-access"
            "File with the access key. Without keys the machine's own role is used.";
        secretKeyFile =
          secretOption "WEBREF_S3_SECRET_KEY" "/run/secrets/webref-s3-secret"
            "File with the secret key that belongs to the access key.";
      };
    };

    workers = {
      processes = mkOption {
        type = types.ints.between 0 64;
        default = 1;
        example = 2;
        description = "Processes that do the background work; 0 leaves it to threads of the servers.";
      };
      threads = mkOption {
        type = types.ints.between 1 64;
        default = 2;
        example = 4;
        description = "Threads of each of these processes.";
      };
    };

    nginx = {
      enable = mkEnableOption "nginx before the servers, with TLS";
      hostName = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "boards.example.org";
        description = "Name under which people reach webref.";
      };
      acme = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether the certificate comes from Let's Encrypt; accept its terms in {option}`security.acme`.";
      };
      certificate = mkOption {
        type = types.nullOr types.path;
        default = null;
        example = "/run/secrets/boards.crt";
        description = "Certificate with its chain, where it does not come by ACME.";
      };
      certificateKey = mkOption {
        type = types.nullOr secretFile;
        default = null;
        example = "/run/secrets/boards.key";
        description = "Private key of that certificate, readable for nginx.";
      };
    };

    metrics = {
      enable = mkEnableOption "metrics for Prometheus";
      address = mkOption {
        type = types.str;
        default = "127.0.0.1";
        example = "10.0.0.4";
        description = "Address at which every process tells what it counts. Whoever reaches it may read all of it.";
      };
      port = mkOption {
        type = types.port;
        default = 9464;
        example = 9500;
        description = "Port of the first server; the other servers and then the workers follow, one port each.";
      };
    };

    backup = {
      target = mkOption {
        type = types.nullOr (types.strMatching "file:///.+|s3://.+");
        default = null;
        example = "file:///mnt/backup/webref";
        description = ''
          Where `webref backup` copies database and originals: a folder on another disk, or a bucket, reached with the
          keys of {option}`services.webref.storage.s3`. Null makes no backups. The secret that signs them is not in them:
          keep {option}`services.webref.secretFile`, or `secret` of the data folder, somewhere else.
        '';
      };
      schedule = mkOption {
        type = types.str;
        default = "daily";
        example = "*-*-* 02:30";
        description = "When a backup is made, as systemd.time(7) writes it.";
      };
      keep = mkOption {
        type = types.nullOr (types.ints.between 1 10000);
        default = null;
        example = 14;
        description = "How many backups stay; null keeps all.";
      };
      verify = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "monthly";
        description = ''
          When the latest backup is tried out (`webref restore --verify`), as systemd.time(7) writes it: its database is
          restored into one that is thrown away, and every original is read. Null never does.
        '';
      };
    };

    doctor = {
      enable = mkEnableOption "a regular `webref doctor`, whose unit fails when something needs attention";
      schedule = mkOption {
        type = types.str;
        default = "weekly";
        example = "Sun 03:30";
        description = "When, as systemd.time(7) writes it.";
      };
      deep = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether every stored file is read and compared with its checksum: takes its time.";
      };
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion =
          lib.count (given: given) [
            cfg.database.createLocally
            (cfg.database.url != null)
            (cfg.database.urlFile != null)
          ] == 1;
        message = "services.webref.database: say exactly one of createLocally = true, url and urlFile.";
      }
      {
        assertion =
          cfg.database.url == null || builtins.match "[a-z]+://[^@/]*:[^@/]*@.*" cfg.database.url == null;
        message = "services.webref.database.url holds a password, which everybody could read in the Nix store: put the address into a file and name it in database.urlFile.";
      }
      {
        assertion = !(cfg.broker.createLocally && cfg.broker.urlFile != null);
        message = "services.webref.broker: createLocally and urlFile are both given; leave one of them out.";
      }
      {
        assertion = s3.bucket == null || cfg.storage.folder == null;
        message = "services.webref.storage: pictures are either in a folder or in a bucket; leave folder or s3.bucket out.";
      }
      {
        assertion =
          s3.bucket != null
          || lib.all (given: given == null) [
            s3.prefix
            s3.endpoint
            s3.publicEndpoint
            s3.region
            s3.accessKeyFile
            s3.secretKeyFile
          ];
        message = "services.webref.storage.s3 is half filled: name the bucket, or leave the rest out.";
      }
      {
        assertion = (s3.accessKeyFile == null) == (s3.secretKeyFile == null);
        message = "services.webref.storage.s3: accessKeyFile and secretKeyFile go together.";
      }
      {
        assertion = cfg.nginx.enable == (cfg.nginx.hostName != null);
        message = "services.webref.nginx: enable and hostName go together.";
      }
      {
        assertion = (cfg.nginx.certificate == null) == (cfg.nginx.certificateKey == null);
        message = "services.webref.nginx: certificate and certificateKey go together.";
      }
      {
        assertion = !cfg.nginx.enable || cfg.nginx.acme != (cfg.nginx.certificate != null);
        message = "services.webref.nginx: TLS needs either acme = true or certificate and certificateKey.";
      }
      {
        assertion =
          cfg.nginx.enable || (!cfg.nginx.acme && cfg.nginx.certificate == null);
        message = "services.webref.nginx: a certificate is given, but nginx.enable is not set.";
      }
      {
        assertion = cfg.backup.target != null || (cfg.backup.keep == null && cfg.backup.verify == null);
        message = "services.webref.backup is half filled: name its target, or leave the rest out.";
      }
      {
        assertion =
          backupFolder == null
          || lib.all (kept: !hasPrefix "${kept}/" "${backupFolder}/") (
            [ cfg.dataDir ] ++ optional (cfg.storage.folder != null) cfg.storage.folder
          );
        message = "services.webref.backup.target lies in a folder that it is to be a backup of: name another disk.";
      }
      {
        assertion = cfg.listen.port + cfg.servers - 1 <= 65535;
        message = "services.webref: there are not ${toString cfg.servers} ports from listen.port on.";
      }
      {
        assertion =
          !cfg.metrics.enable
          || cfg.metrics.port + cfg.servers + cfg.workers.processes <= cfg.listen.port
          || cfg.metrics.port >= cfg.listen.port + cfg.servers;
        message = "services.webref.metrics.port: its ports meet those of listen.port.";
      }
    ]
    ++ map (name: {
      assertion = hasPrefix "WEBREF_" name && !(reserved ? ${name}) && !lib.hasSuffix "_FILE" name;
      message =
        if reserved ? ${name} then
          "services.webref.settings.${name} is decided by services.webref.${reserved.${name}}."
        else
          "services.webref.settings.${name} is no setting of webref: their names begin with WEBREF_, and files with secrets have options of their own.";
    }) (builtins.attrNames cfg.settings);

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
