# A stand-in for nixpkgs.lib: as much of its module system, types and functions as webref's expressions use.
#
# It lets the module be evaluated where nixpkgs cannot be had. Whoever has nixpkgs runs the same tests against the
# real one (WEBREF_NIXPKGS_LIB); both have to agree.
let
  inherit (builtins)
    all
    any
    attrNames
    attrValues
    concatMap
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    genList
    head
    isAttrs
    isBool
    isFunction
    isInt
    isList
    isString
    length
    listToAttrs
    map
    mapAttrs
    match
    replaceStrings
    stringLength
    substring
    ;

  kind = value: if isAttrs value then value._type or "" else "";

  # Values with what mkIf, mkMerge and mkOverride say of them taken off: [ { priority; value; } ].
  discharged =
    value:
    if kind value == "if" then
      (if value.condition then discharged value.content else [ ])
    else if kind value == "merge" then
      concatMap discharged value.contents
    else if kind value == "override" then
      map (one: one // { inherit (value) priority; }) (discharged value.content)
    else
      [
        {
          priority = 100;
          inherit value;
        }
      ];

  # The same moved down to the members of a set, so that their names are known before any condition is.
  spread =
    value:
    if kind value == "merge" then
      concatMap spread value.contents
    else if kind value == "if" then
      map (mapAttrs (_: content: lib.mkIf value.condition content)) (spread value.content)
    else if kind value == "override" then
      map (mapAttrs (_: content: lib.mkOverride value.priority content)) (spread value.content)
    else
      [ value ];

  strongest =
    definitions:
    let
      least = foldl' (best: one: if one.priority < best then one.priority else best) 9999 definitions;
    in
    map (one: one.value) (filter (one: one.priority == least) definitions);

  at = path: concatStringsSep "." path;

  named = name: concatMap (set: if set ? ${name} then [ set.${name} ] else [ ]);
  names = sets: attrNames (foldl' (all: set: all // set) { } sets);

  optionValue =
    path: option: definitions:
    let
      given = strongest (concatMap discharged definitions);
      type = option.type or lib.types.anything;
    in
    if given != [ ] then
      type.merge path given
    else if option ? default then
      type.merge path [ option.default ]
    else
      throw "The option ${at path} is used but not defined.";

  # options: a tree with options as leaves; sets: what is defined, already spread.
  tree =
    path: options: free: sets:
    let
      declared = mapAttrs (
        name: option:
        let
          deeper = path ++ [ name ];
          definitions = named name sets;
        in
        if kind option == "option" then
          optionValue deeper option definitions
        else
          tree deeper option null (concatMap spread definitions)
      ) options;
      others = filter (name: !(options ? ${name})) (names sets);
      freely = listToAttrs (
        concatMap (
          name:
          let
            given = strongest (concatMap discharged (named name sets));
          in
          if given == [ ] then
            [ ]
          else
            [
              {
                inherit name;
                value = free.element.merge (path ++ [ name ]) given;
              }
            ]
        ) others
      );
    in
    if others == [ ] then
      declared
    else if free == null then
      throw "The option ${at (path ++ [ (head others) ])} does not exist."
    else
      freely // declared;

  asModule =
    arguments: module:
    let
      read = if isAttrs module || isFunction module then module else import module;
      said = if isFunction read then read arguments else read;
      isWhole = said ? options || said ? config;
    in
    concatMap (asModule arguments) (said.imports or [ ])
    ++ [
      {
        options = said.options or { };
        free = said.freeformType or null;
        config = if isWhole then said.config or { } else removeAttrs said [ "imports" ];
      }
    ];

  joined =
    left: right:
    left
    // mapAttrs (
      name: value:
      if left ? ${name} && kind value != "option" && kind left.${name} != "option" then
        joined left.${name} value
      else
        value
    ) right;

  evaluated =
    path: arguments: modules: sets:
    let
      read = concatMap (asModule arguments) modules;
      options = foldl' joined { } (map (one: one.options) read);
      frees = filter (free: free != null) (map (one: one.free) read);
    in
    tree path options (if frees == [ ] then null else head frees) (
      concatMap (one: spread one.config) read ++ sets
    );

  type =
    name: check: merge:
    {
      inherit name check;
      merge =
        path: values:
        if all check values then
          merge path values
        else
          throw "A definition for option ${at path} is not of type ${name}.";
    };

  same =
    path: values:
    if all (value: value == head values) values then
      head values
    else
      throw "The option ${at path} has conflicting definitions.";

  simple = name: check: type name check same;

  isDerivation = value: kind value == "" && value.type or "" == "derivation";
  isPathLike = value: builtins.isPath value || (isString value && match "/.*" value != null) || (isAttrs value && value ? outPath);
  asString = value: if isString value then value else "${toString value}";
  isInStore = value: match "/nix/store/.*" (asString value) != null;

  lib = {
    inherit
      all
      any
      attrNames
      attrValues
      concatMap
      concatStringsSep
      elem
      elemAt
      filter
      foldl'
      genList
      head
      isAttrs
      isBool
      isList
      isString
      length
      listToAttrs
      map
      mapAttrs
      replaceStrings
      ;

    mkOption = option: option // { _type = "option"; };
    mkEnableOption =
      what:
      lib.mkOption {
        type = lib.types.bool;
        default = false;
        example = true;
        description = "Whether to enable ${what}.";
      };
    mkIf = condition: content: {
      _type = "if";
      inherit condition content;
    };
    mkMerge = contents: {
      _type = "merge";
      inherit contents;
    };
    mkOverride = priority: content: {
      _type = "override";
      inherit priority content;
    };
    mkDefault = lib.mkOverride 1000;
    mkForce = lib.mkOverride 50;
    literalExpression = text: {
      _type = "literalExpression";
      inherit text;
    };

    evalModules =
      {
        modules,
        specialArgs ? { },
      }:
      let
        config = evaluated [ ] ({ inherit lib config; } // specialArgs) modules [ ];
      in
      {
        inherit config;
      };
    nixosSystem = { modules }: lib.evalModules { inherit modules; };

    types = {
      bool = simple "boolean" isBool;
      int = simple "integer" isInt;
      str = simple "string" isString;
      path = simple "path" isPathLike;
      package = simple "package" isDerivation;
      raw = simple "raw value" (_: true);
      port = lib.types.ints.between 0 65535;
      ints.between = least: most: simple "integer between ${toString least} and ${toString most}" (
        value: isInt value && least <= value && value <= most
      );
      enum = values: simple "one of ${builtins.toJSON values}" (value: elem value values);
      strMatching = pattern: simple "string matching ${pattern}" (
        value: isString value && match pattern value != null
      );
      pathWith =
        {
          absolute ? null,
          inStore ? null,
        }:
        simple "path" (
          value:
          (isString value || builtins.isPath value || isDerivation value)
          && (absolute != true || match "/.*" (asString value) != null)
          && (inStore == null || isInStore value == inStore)
        );
      nullOr =
        inner:
        type "null or ${inner.name}" (value: value == null || inner.check value) (
          path: values: if all (value: value == null) values then null else inner.merge path values
        );
      either =
        left: right:
        type "${left.name} or ${right.name}" (value: left.check value || right.check value) (
          path: values: if all left.check values then left.merge path values else right.merge path values
        );
      oneOf = options: foldl' lib.types.either (head options) (builtins.tail options);
      listOf =
        inner:
        type "list of ${inner.name}" isList (
          path: values:
          concatMap (concatMap (element: map (one: inner.merge path [ one.value ]) (discharged element))) values
        );
      attrsOf =
        inner:
        type "attribute set of ${inner.name}" isAttrs (
          path: values:
          tree path { } { element = inner; } (concatMap spread values)
        )
        // {
          element = inner;
        };
      submodule =
        module:
        type "submodule" (value: isAttrs value || isFunction value) (
          path: values: evaluated path { inherit lib; } [ module ] (concatMap spread values)
        );
      anything = type "anything" (_: true) (
        path: values:
        if all (value: isAttrs value && !isDerivation value) values then
          (lib.types.attrsOf lib.types.anything).merge path values
        else if all isList values then
          builtins.concatLists values
        else
          same path values
      );
    };

    optional = condition: value: if condition then [ value ] else [ ];
    optionals = condition: values: if condition then values else [ ];
    optionalAttrs = condition: set: if condition then set else { };
    optionalString = condition: text: if condition then text else "";
    nameValuePair = name: value: { inherit name value; };
    mapAttrs' = change: set: listToAttrs (map (name: change name set.${name}) (attrNames set));
    mapAttrsToList = change: set: map (name: change name set.${name}) (attrNames set);
    filterAttrs =
      keep: set:
      removeAttrs set (filter (name: !(keep name set.${name})) (attrNames set));
    genAttrs = keys: make: listToAttrs (map (name: lib.nameValuePair name (make name)) keys);
    imap0 = change: values: genList (index: change index (elemAt values index)) (length values);
    count = wanted: values: length (filter wanted values);
    concatMapStringsSep = separator: change: values: concatStringsSep separator (map change values);
    hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
    hasSuffix =
      suffix: text:
      let
        from = stringLength text - stringLength suffix;
      in
      from >= 0 && substring from (stringLength suffix) text == suffix;
    hasInfix = part: text: length (builtins.split (lib.escapeRegex part) text) > 1;
    escapeRegex = replaceStrings [ "." "+" "*" "?" "[" "(" ] [ "\\." "\\+" "\\*" "\\?" "\\[" "\\(" ];
    removePrefix =
      prefix: text:
      if lib.hasPrefix prefix text then
        substring (stringLength prefix) (stringLength text) text
      else
        text;
    escapeShellArg =
      value:
      let
        text = toString value;
      in
      if match "[[:alnum:],._+:@%/-]+" text == null then
        "'${replaceStrings [ "'" ] [ "'\\''" ] text}'"
      else
        text;
    versionOlder = left: right: builtins.compareVersions right left == 1;
    toIntBase10 = text: builtins.fromJSON text;
    importJSON = path: builtins.fromJSON (builtins.readFile path);
    importTOML = path: builtins.fromTOML (builtins.readFile path);
    makeBinPath = concatMapBin: lib.concatMapStringsSep ":" (one: "${one}/bin") concatMapBin;
    makeLibraryPath = lib.concatMapStringsSep ":" (one: "${one}/lib");
    getExe = package: "${package}/bin/${package.meta.mainProgram}";
    fetchers.proxyImpureEnvVars = [ "https_proxy" ];
    licenses = {
      agpl3Plus = "AGPL-3.0-or-later";
      mit = "MIT";
    };
    platforms = {
      linux = [ "x86_64-linux" ];
      darwin = [ "aarch64-darwin" ];
    };

    # Only whether what is named is there.
    fileset = {
      maybeMissing = path: { maybe = path; };
      unions = parts: { inherit parts; };
      difference = one: other: {
        parts = [
          one
          other
        ];
      };
      toSource =
        { root, fileset }:
        let
          check =
            set:
            if isAttrs set then
              all check (set.parts or [ ])
            else
              builtins.pathExists set || throw "${toString set} is not there";
        in
        if check fileset then "${toString root}" else throw "unreachable";
    };
  };
in
lib
