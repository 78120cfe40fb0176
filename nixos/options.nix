# The options of services.webref.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkEnableOption
    mkOption
    types
    ;

  cfg = config.services.webref;

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
    WEBREF_QUOTA_MB =
      between 0 1000000000 50000
        "Megabytes of originals that one account may keep; 0, the product's default, is no limit.";
    WEBREF_QUOTA_BOARDS =
      between 0 1000000 500
        "Boards that one account may make; 0, the product's default, is no limit.";
    WEBREF_QUOTA_ITEMS =
      between 0 1000000000 500000
        "Items on the boards that one account made; 0, the product's default, is no limit.";
    WEBREF_QUOTA_SOCKETS =
      between 0 100000 50
        "Websockets that one account may have open at each process; the product's default is 100.";
    WEBREF_QUOTA_COST =
      between 0 1000000000 1000000
        "Entries of lists that one account may ask for within a minute at each process; 0, the product's default, is no limit.";
    WEBREF_SNAPSHOT_LINES =
      between 10 1000000 500
        "Changes of a board between two snapshots of it; the product's default is 1000.";
    WEBREF_OTEL_ENDPOINT =
      setting (types.strMatching "https?://.+") "http://127.0.0.1:4318"
        "Collector that takes OpenTelemetry's traces by OTLP over HTTP; by default none are told.";
    WEBREF_OIDC_ISSUER =
      setting (types.strMatching "https?://.+") "https://login.example.org/realms/home"
        "Address of a provider of OpenID Connect where people sign in; its secret belongs into {option}`services.webref.oidc.clientSecretFile`.";
    WEBREF_OIDC_CLIENT_ID = setting types.str "webref" "As whom webref is known to that provider.";
    WEBREF_OIDC_NAME = setting types.str "Example Studio" "What people call the provider; by default the host of its address.";
    WEBREF_OIDC_SCOPES = setting types.str "openid profile email groups" "What the provider is asked for; the product's default is openid profile email.";
    WEBREF_OIDC_REGISTRATION =
      setting
        (types.enum [
          "rule"
          "open"
          "closed"
        ])
        "open"
        "Who gets an account by signing in there: whom the server's own rule lets in (the product's default), everybody, nobody.";
    WEBREF_OIDC_LINK_BY_EMAIL = setting types.bool true "Whether who has a verified address there gets the account with that address here; the product's default is no.";
    WEBREF_OIDC_NAME_CLAIM = setting types.str "display_name" "Where the provider says people's names; the product's default is name.";
    WEBREF_OIDC_EMAIL_CLAIM = setting types.str "mail" "Where it says their addresses; the product's default is email.";
    WEBREF_OIDC_GROUPS_CLAIM = setting types.str "realm_access.roles" "Where it says their groups; the product's default is groups.";
    WEBREF_OIDC_GROUPS = setting types.str "artists, clients" "Groups that are let in; by default everybody is.";
    WEBREF_OIDC_OWNER_GROUP = setting types.str "administrators" "Group of which the first to sign in owns the server.";
    WEBREF_LDAP_URL =
      setting (types.strMatching "ldaps?://[^/]+") "ldaps://directory.example.org"
        "Address of a directory whose logins and passwords are taken as well; the password of who searches it belongs into {option}`services.webref.ldap.bindPasswordFile`.";
    WEBREF_LDAP_NAME = setting types.str "Example Studio" "What people call the directory; by default its host.";
    WEBREF_LDAP_CA = setting types.str "/etc/ssl/studio-ca.pem" "File with the certificate of who signed that of the directory; by default those whom the system trusts.";
    WEBREF_BROKER_CA = setting types.str "/etc/ssl/studio-ca.pem" "File with the certificate of who signed that of a broker over TLS; by default those whom the system trusts.";
    WEBREF_LDAP_START_TLS = setting types.bool false "Whether ldap:// is made secret first, which is the product's default; without it a directory has to be on this machine.";
    WEBREF_LDAP_BIND_DN = setting types.str "cn=webref,dc=example,dc=org" "Who searches the directory; by default nobody needs to say who they are.";
    WEBREF_LDAP_BASE = setting types.str "ou=people,dc=example,dc=org" "Where people are in the directory.";
    WEBREF_LDAP_FILTER = setting types.str "(&(sAMAccountName={login})(memberOf=cn=crew,dc=example,dc=org))" "Who is meant by what somebody wrote, and may come in; the product's default is (uid={login}).";
    WEBREF_LDAP_OWNER_FILTER = setting types.str "(memberOf=cn=administrators,dc=example,dc=org)" "Of whom this holds, the first to sign in owns the server.";
    WEBREF_LDAP_ID_ATTRIBUTE = setting types.str "objectGUID" "What of people never changes; the product's default is entryUUID.";
    WEBREF_LDAP_NAME_ATTRIBUTE = setting types.str "displayName" "What their name is; the product's default is cn.";
    WEBREF_LDAP_EMAIL_ATTRIBUTE = setting types.str "mailPrimaryAddress" "What their address is; the product's default is mail.";
    WEBREF_LDAP_REGISTRATION =
      setting
        (types.enum [
          "rule"
          "open"
          "closed"
        ])
        "open"
        "Who gets an account by signing in with it: whom the server's own rule lets in (the product's default), everybody, nobody.";
    WEBREF_LDAP_LINK_BY_EMAIL = setting types.bool true "Whether who has an address there gets the account with that address here; the product's default is no.";
  };
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

    mail = {
      from = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "webref <webref@example.org>";
        description = "What mails come from: links to verify an address, to set a password, to join.";
      };
      smtpUrlFile =
        secretOption "WEBREF_SMTP_URL" "/run/secrets/webref-smtp"
          "File with the address of the mail server, such as `smtp://user:password@mail.example.org` or `smtps://…`.";
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

    oidc.clientSecretFile =
      secretOption "WEBREF_OIDC_CLIENT_SECRET" "/run/secrets/webref-oidc"
        "File with the secret that webref shares with a provider of OpenID Connect; the rest of it is in {option}`services.webref.settings`.";

    ldap.bindPasswordFile =
      secretOption "WEBREF_LDAP_BIND_PASSWORD" "/run/secrets/webref-ldap"
        "File with the password of who searches the directory; the rest of it is in {option}`services.webref.settings`.";

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
}
