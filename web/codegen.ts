/** Types of every GraphQL document, made from the printed contract: a schema change that breaks the web breaks its build. */
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../schema/schema.graphql",
  documents: ["src/**/*.graphql"],
  generates: {
    "src/generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
        scalars: {
          DateTime: "string",
          Colour: "string",
          Thumbhash: "string",
          Path: "string",
          Long: "number",
        },
      },
    },
  },
};

export default config;
