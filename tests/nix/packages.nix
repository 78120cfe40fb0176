# A package set with the names that webref's expressions use, and derivations that nobody builds.
{
  lib,
  system ? "x86_64-linux",
  trailing ? [
    "graphql-core"
    "pillow"
    "pyvips"
    "strawberry-graphql"
  ],
  missing ? [
    "pillow-jxl-plugin"
    "resvg-py"
  ],
}:
let
  pins = builtins.fromJSON (builtins.readFile ../../nix/pins.json);

  # Like mkDerivation: everything but these becomes the environment of the build, and so has to be a plain value.
  make =
    attributes:
    let
      name = attributes.name or "${attributes.pname}-${attributes.version}";
    in
    derivation (
      removeAttrs attributes [
        "passthru"
        "meta"
        "text"
        "env"
      ]
      // {
        inherit name system;
        builder = "/bin/sh";
      }
    )
    // (attributes.passthru or { })
    // {
      meta = attributes.meta or { };
      inherit attributes;
      version = attributes.version or "0";
      text = attributes.text or "";
    };
  named = name: make { inherit name; };

  fetchPypi =
    {
      pname,
      version,
      hash,
      format ? "setuptools",
      dist ? "",
      python ? "",
      abi ? "",
      platform ? "",
    }:
    make {
      name =
        if format == "wheel" then "${pname}-${version}-${python}-${abi}-${platform}.whl" else "${pname}-${version}.tar.gz";
      outputHash = hash;
      outputHashAlgo = "sha256";
      inherit dist;
    };

  buildPythonPackage =
    attributes:
    make (attributes // { isPython = true; })
    // {
      overridePythonAttrs = changes: buildPythonPackage (attributes // changes);
    };

  pythonWith =
    packageOverrides:
    let
      python = named "python3" // {
        pythonVersion = "3.13";
        pkgs = packages;
        override = { self, packageOverrides }: pythonWith packageOverrides;
        withPackages = choose: make {
          name = "python3-env";
          paths = choose packages;
        };
      };
      versions = lib.filterAttrs (name: _: !(builtins.elem name missing)) (
        builtins.mapAttrs (
          name: pin: if builtins.elem name trailing then "0.0.1" else pin.floor
        ) pins.packages
      );
      extras = lib.genAttrs [
        "httpx"
        "hypothesis"
        "numpy"
        "pika"
        "psutil"
        "pytest"
        "pytest-asyncio"
        "pytest-timeout"
        "pytest-xdist"
        "redis"
      ] (_: "1");
      base =
        builtins.mapAttrs (
          pname: version: buildPythonPackage { inherit pname version; }
        ) (extras // versions)
        // {
          inherit python buildPythonPackage fetchPypi;
        };
      packages = base // packageOverrides packages base;
    in
    python;

  callWith =
    scope: path: arguments:
    let
      function = if builtins.isFunction path then path else import path;
      given = builtins.intersectAttrs (builtins.functionArgs function) scope;
      called = more: function (given // arguments // more) // { override = called; };
    in
    called { };

  stdenv = {
    cc.cc.lib = named "gcc-lib";
    hostPlatform = {
      inherit system;
      isLinux = lib.hasSuffix "-linux" system;
      isDarwin = lib.hasSuffix "-darwin" system;
    };
    mkDerivation = make;
  };

  set =
    lib.genAttrs [
      "autoPatchelfHook"
      "cacert"
      "chromium"
      "curl"
      "dejavu_fonts"
      "ffmpeg-headless"
      "garage_2"
      "git"
      "gnumake"
      "jq"
      "liberation_ttf"
      "makeWrapper"
      "nixfmt-tree"
      "nodejs"
      "openssl"
      "postgresql_15"
      "postgresql_16"
      "postgresql_17"
    ] named
    // {
      inherit lib stdenv;
      stdenvNoCC = stdenv;
      postgresql_18 = named "postgresql_18" // {
        pg_config = named "pg_config";
      };
      python3 = pythonWith (_: _: { });
      runtimeShell = "/bin/sh";
      runCommand =
        name: attributes: script:
        make (attributes // { inherit name script; });
      writeShellScriptBin =
        name: script:
        make {
          inherit name script;
          text = script;
        };
      mkShell = attributes: make ({ name = "shell"; } // attributes);
      callPackage = callWith (set // { inherit set; });
      testers.runNixOSTest = test: make {
        name = "vm-test-${test.name}";
        passthru = { inherit test; };
        inherit (test) testScript;
      };
      extend =
        overlay:
        let
          extended = set // {
            callPackage = callWith extended;
            extend = _: throw "the stand-in is extended once";
          } // overlay extended set;
        in
        extended;
    };
in
set
