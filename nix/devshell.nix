# `nix develop`: what `make run`, `make test` and `make check` expect to find.
{
  mkShell,
  lib,
  stdenv,
  python3,
  nodejs,
  git,
  gnumake,
  postgresql_18,
  ffmpeg-headless,
  dejavu_fonts,
  liberation_ttf,
  chromium,
}:
mkShell {
  packages = [
    python3
    nodejs
    git
    gnumake
    postgresql_18
    ffmpeg-headless
  ]
  ++ lib.optional stdenv.hostPlatform.isLinux chromium;

  # The wheels of the lock look for these two where Debian has them.
  env = lib.optionalAttrs stdenv.hostPlatform.isLinux {
    LD_LIBRARY_PATH = lib.makeLibraryPath [ stdenv.cc.cc.lib ];
  };

  shellHook = ''
    export WEBREF_POSTGRES_BIN=${postgresql_18}/bin
    export XDG_DATA_DIRS=${dejavu_fonts}/share:${liberation_ttf}/share''${XDG_DATA_DIRS:+:$XDG_DATA_DIRS}
  '';
}
