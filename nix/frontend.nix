# The web app, built against the schema that the backend prints: its types are generated from it.
{
  lib,
  stdenv,
  stdenvNoCC,
  cacert,
  nodejs,
  schema,
}:
let
  inherit (lib) fileset;
  manifest = lib.importJSON ../web/package.json;
  hashes = lib.importJSON ./node-modules.json;
  system = stdenv.hostPlatform.system;

  sources = fileset.difference ../web (
    fileset.unions (
      map fileset.maybeMissing [
        ../web/node_modules
        ../web/src/generated
      ]
    )
  );

  # npm checks every file against the integrity hashes of the lock; the result as a whole has one of its own.
  modules = stdenvNoCC.mkDerivation {
    pname = "webref-node-modules";
    inherit (manifest) version;
    src = fileset.toSource {
      root = ../web;
      fileset = fileset.unions [
        ../web/package.json
        ../web/package-lock.json
      ];
    };
    nativeBuildInputs = [
      nodejs
      cacert
    ];
    impureEnvVars = lib.fetchers.proxyImpureEnvVars;
    buildPhase = ''
      runHook preBuild
      export HOME=$TMPDIR
      npm ci --ignore-scripts --no-audit --no-fund
      rm node_modules/.package-lock.json
      runHook postBuild
    '';
    installPhase = ''
      runHook preInstall
      mv node_modules $out
      runHook postInstall
    '';
    # What it holds must not depend on the store it was made in.
    dontFixup = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
    outputHash = hashes.${system} or (throw "webref: nix/node-modules.json has no hash for ${system}");
  };
in
stdenvNoCC.mkDerivation {
  pname = "webref-web";
  inherit (manifest) version;
  src = fileset.toSource {
    root = ../.;
    fileset = sources;
  };
  nativeBuildInputs = [ nodejs ];
  configurePhase = ''
    runHook preConfigure
    mkdir -p schema
    cp ${schema}/schema.graphql schema/
    cp -r ${modules} web/node_modules
    chmod -R u+w web/node_modules
    patchShebangs web/node_modules
    runHook postConfigure
  '';
  buildPhase = ''
    runHook preBuild
    export HOME=$TMPDIR
    npm --prefix web run build -- --logLevel warn
    runHook postBuild
  '';
  doCheck = true;
  checkPhase = ''
    runHook preCheck
    npm --prefix web test
    runHook postCheck
  '';
  installPhase = ''
    runHook preInstall
    mv build/web $out
    runHook postInstall
  '';
  passthru = { inherit modules; };
  meta = {
    description = "The web app of webref";
    license = lib.licenses.agpl3Plus;
  };
}
