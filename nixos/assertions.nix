# What no machine can be made of is refused when the configuration is evaluated, in words.
{ config, lib, ... }:
let
  inherit (lib)
    hasPrefix
    mkIf
    optional
    ;

  cfg = config.services.webref;
  s3 = cfg.storage.s3;

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
    WEBREF_WAL_ARCHIVE = "services.postgresql.settings: archive_mode and archive_command of PostgreSQL itself, for the module never runs the built-in one";
    WEBREF_BROKER_URL = "broker.createLocally or broker.urlFile";
    WEBREF_METRICS = "metrics.enable";
    WEBREF_SMTP_URL = "mail.smtpUrlFile";
    WEBREF_MAIL_FROM = "mail.from";
    WEBREF_STORAGE = "storage.folder or storage.s3.bucket";
    WEBREF_S3_ENDPOINT = "storage.s3.endpoint";
    WEBREF_S3_PUBLIC_ENDPOINT = "storage.s3.publicEndpoint";
    WEBREF_S3_REGION = "storage.s3.region";
    WEBREF_S3_ACCESS_KEY = "storage.s3.accessKeyFile";
    WEBREF_S3_SECRET_KEY = "storage.s3.secretKeyFile";
    WEBREF_OIDC_CLIENT_SECRET = "oidc.clientSecretFile";
    WEBREF_LDAP_BIND_PASSWORD = "ldap.bindPasswordFile";
  };
in
{
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
        assertion = (cfg.mail.from == null) == (cfg.mail.smtpUrlFile == null);
        message = "services.webref.mail: from and smtpUrlFile go together.";
      }
      {
        assertion = cfg.mail.smtpUrlFile == null || cfg.publicUrl != null || cfg.nginx.enable;
        message = "services.webref.mail: links in mails need the address that people use: say it in publicUrl.";
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
          cfg.backup.target == null
          || lib.all (kept: !hasPrefix "file://${kept}/" "${cfg.backup.target}/") (
            [ cfg.dataDir ] ++ optional (cfg.storage.folder != null) cfg.storage.folder
          );
        message = "services.webref.backup.target lies in a folder that it is to be a backup of: name another disk.";
      }
      {
        assertion =
          (cfg.settings.WEBREF_OIDC_ISSUER == null) == (cfg.settings.WEBREF_OIDC_CLIENT_ID == null)
          && (cfg.oidc.clientSecretFile == null || cfg.settings.WEBREF_OIDC_ISSUER != null);
        message = "services.webref: signing in with OpenID Connect is half filled: settings.WEBREF_OIDC_ISSUER and WEBREF_OIDC_CLIENT_ID go together.";
      }
      {
        assertion =
          (cfg.settings.WEBREF_LDAP_URL == null) == (cfg.settings.WEBREF_LDAP_BASE == null)
          && (cfg.settings.WEBREF_LDAP_BIND_DN == null) == (cfg.ldap.bindPasswordFile == null)
          && (cfg.settings.WEBREF_LDAP_BIND_DN == null || cfg.settings.WEBREF_LDAP_URL != null);
        message = "services.webref: the directory is half filled: settings.WEBREF_LDAP_URL and WEBREF_LDAP_BASE go together, and so do WEBREF_LDAP_BIND_DN and ldap.bindPasswordFile.";
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
  };
}
