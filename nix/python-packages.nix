# nixpkgs' Python packages, and those of requirements.lock where nixpkgs trails behind what webref needs.
{
  lib,
  stdenv,
  autoPatchelfHook,
  pins,
}:
final: prev:
let
  interpreter = "cp${lib.replaceStrings [ "." ] [ "" ] final.python.pythonVersion}";
  number = tag: lib.toIntBase10 (lib.removePrefix "cp3" tag);

  loads =
    wheel:
    (wheel.system == null || wheel.system == stdenv.hostPlatform.system)
    && (
      if wheel.abi == "abi3" then
        number wheel.python <= number interpreter
      else
        wheel.abi == "none" || wheel.python == interpreter
    );

  trails = name: pin: !(prev ? ${name}) || lib.versionOlder prev.${name}.version pin.floor;

  fromWheel =
    name: pin:
    let
      fitting = builtins.filter loads pin.wheels;
      wheel =
        if fitting == [ ] then
          throw "webref: requirements.lock has no wheel of ${name} ${pin.version} for ${interpreter} on ${stdenv.hostPlatform.system}"
        else
          builtins.head fitting;
      isCompiled = wheel.system != null;
    in
    final.buildPythonPackage {
      pname = name;
      inherit (pin) version;
      format = "wheel";
      src = final.fetchPypi {
        pname = wheel.project;
        inherit (pin) version;
        format = "wheel";
        dist = wheel.python;
        inherit (wheel)
          python
          abi
          platform
          hash
          ;
      };
      dependencies = map (needed: final.${needed}) pin.requires;
      nativeBuildInputs = lib.optional (isCompiled && stdenv.hostPlatform.isLinux) autoPatchelfHook;
      buildInputs = lib.optional (isCompiled && stdenv.hostPlatform.isLinux) stdenv.cc.cc.lib;
      # The lock was resolved as a whole; which of it is newer in nixpkgs is judged by `checks.pytest`.
      dontCheckRuntimeDeps = true;
      doCheck = false;
    };

  # Without a wheel its recipe is nixpkgs' own, with the sources of the lock.
  fromSources =
    name: pin:
    prev.${name}.overridePythonAttrs {
      inherit (pin) version;
      src = final.fetchPypi {
        pname = name;
        inherit (pin) version;
        hash = pin.sdist;
      };
      doCheck = false;
    };
in
builtins.mapAttrs (
  name: pin: if pin.sdist == null then fromWheel name pin else fromSources name pin
) (lib.filterAttrs trails pins.packages)
