# Configurations by name: `good` ones evaluate without a word, `half` ones are refused with words, `wrong` ones do not evaluate.
let
  on = more: { services.webref = { enable = true; } // more; };
in
{
  good = {
    least = on { };
    demo = ../../nixos/demo.nix;
    elsewhere = on {
      dataDir = "/srv/webref";
      listen.address = "10.0.0.4";
      trustedProxies = [ "10.0.0.2" ];
      publicUrl = "https://boards.example.org";
      secretFile = "/run/keys/webref";
      database.createLocally = false;
      database.urlFile = "/run/keys/database";
      broker.urlFile = "/run/keys/broker";
      mail.from = "webref <webref@example.org>";
      mail.smtpUrlFile = "/run/keys/smtp";
      storage.folder = "/mnt/pictures";
      backup.target = "s3://backup/webref";
      workers.processes = 0;
      workers.threads = 3;
      settings.WEBREF_FETCH_ALLOW = "10.0.0.0/8";
      settings.WEBREF_NOT_YET_KNOWN = "100%";
      settings.WEBREF_OIDC_ISSUER = "https://login.example.org";
      settings.WEBREF_OIDC_CLIENT_ID = "webref";
      oidc.clientSecretFile = "/run/keys/oidc";
      settings.WEBREF_LDAP_URL = "ldaps://directory.example.org";
      settings.WEBREF_LDAP_BASE = "dc=example,dc=org";
      settings.WEBREF_LDAP_BIND_DN = "cn=webref,dc=example,dc=org";
      ldap.bindPasswordFile = "/run/keys/ldap";
    };
    certificate = on {
      nginx = {
        enable = true;
        hostName = "boards.example.org";
        certificate = "/run/keys/boards.crt";
        certificateKey = "/run/keys/boards.key";
      };
      settings.WEBREF_MAX_BATCH_MB = 900;
    };
    off = { };
  };

  half = {
    "metrics.port: its ports meet" = on {
      metrics.enable = true;
      metrics.port = 8480;
      servers = 4;
    };
    "mail: from and smtpUrlFile go together" = on { mail.from = "webref@example.org"; };
    "mail: links in mails need the address" = on {
      mail.from = "webref@example.org";
      mail.smtpUrlFile = "/run/keys/smtp";
    };
    "backup is half filled" = on { backup.keep = 14; };
    "backup is half filled " = on { backup.verify = "monthly"; };
    "backup.target lies in a folder" = on { backup.target = "file:///var/lib/webref/backup"; };
    "OpenID Connect is half filled" = on { oidc.clientSecretFile = "/run/keys/oidc"; };
    "OpenID Connect is half filled " = on { settings.WEBREF_OIDC_CLIENT_ID = "webref"; };
    "the directory is half filled" = on { settings.WEBREF_LDAP_URL = "ldaps://directory.example.org"; };
    "the directory is half filled " = on { ldap.bindPasswordFile = "/run/keys/ldap"; };
    "WEBREF_POSTGRES_BIN is decided" = on { settings.WEBREF_POSTGRES_BIN = "/usr/bin"; };
    "database: say exactly one" = on { database.url = "postgresql://webref@db/webref"; };
    "database: say exactly one " = on { database.createLocally = false; };
    "database.url holds a password" = on {
      database.createLocally = false;
      database.url = "postgresql://webref:hunter2@db/webref";
    };
    "broker: createLocally and urlFile" = on {
      broker.createLocally = true;
      broker.urlFile = "/run/keys/broker";
    };
    "either in a folder or in a bucket" = on {
      storage.folder = "/mnt/pictures";
      storage.s3.bucket = "pictures";
    };
    "storage.s3 is half filled" = on { storage.s3.endpoint = "https://s3.example.org"; };
    "storage.s3 is half filled " = on { storage.s3.prefix = "webref"; };
    "accessKeyFile and secretKeyFile go together" = on {
      storage.s3.bucket = "pictures";
      storage.s3.accessKeyFile = "/run/keys/access";
    };
    "nginx: enable and hostName" = on { nginx.hostName = "boards.example.org"; };
    "nginx: enable and hostName " = on { nginx.enable = true; nginx.acme = true; };
    "TLS needs either" = on {
      nginx.enable = true;
      nginx.hostName = "boards.example.org";
    };
    "certificate and certificateKey go together" = on {
      nginx.enable = true;
      nginx.hostName = "boards.example.org";
      nginx.certificate = "/run/keys/boards.crt";
    };
    "a certificate is given, but" = on { nginx.acme = true; };
    "there are not 4 ports" = on {
      servers = 4;
      listen.port = 65533;
    };
    "WEBREF_SECRET is decided by services.webref.secretFile" = on {
      settings.WEBREF_SECRET = "0123456789012345678901234567890123";
    };
    "WEBREF_PORT is decided by services.webref.listen.port" = on { settings.WEBREF_PORT = 9000; };
    "WEBREF_SECRET_FILE is no setting" = on { settings.WEBREF_SECRET_FILE = "/run/keys/webref"; };
    "TRASH_DAYS is no setting" = on { settings.TRASH_DAYS = 3; };
  };

  wrong = {
    backupPath = on { backup.target = "/mnt/backup"; };
    backupKeep = on { backup.target = "s3://backup"; backup.keep = 0; };
    secretInStore = on { secretFile = "/nix/store/00000000000000000000000000000000-secret"; };
    relativeSecret = on { secretFile = "secret"; };
    relativeData = on { dataDir = "data"; };
    noServer = on { servers = 0; };
    port = on { listen.port = 65536; };
    quality = on { settings.WEBREF_WEBP_QUALITY = 101; };
    history = on { settings.WEBREF_HISTORY_DAYS = 6; };
    renditions = on { settings.WEBREF_RENDITIONS = "320, 800"; };
    list = on { settings.WEBREF_FETCH_ALLOW = [ "10.0.0.0/8" ]; };
    path = on { publicUrl = "https://boards.example.org/webref"; };
    bucket = on { storage.s3.bucket = "Upper_case"; };
    misspelt = on { databse.createLocally = true; };
  };
}
