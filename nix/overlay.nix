# Adds webref to a package set: its parts, and `webref`, which is all of it.
final: _prev: {
  webref-backend = final.callPackage ./backend.nix { };

  webref-schema = final.runCommand "webref-schema" { } ''
    mkdir $out
    ${final.webref-backend}/bin/webref export-schema --output $out/schema.graphql
    cp ${../schema/LICENSE} $out/LICENSE
  '';

  webref-frontend = final.callPackage ./frontend.nix { schema = final.webref-schema; };

  webref = final.webref-backend.override { web = final.webref-frontend; };
}
