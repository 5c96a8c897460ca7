/**
 * What both fixture servers serve alike: the `test_*` tools, resources and prompts that the conformance scenarios ask
 * for, word for word as the suite's scenario descriptions specify them.
 */

/** A red pixel. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/** A WAV header and one sample. */
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

/** A text block. */
export function text(value: string): { type: "text"; text: string } {
  return { type: "text", text: value };
}

const image = { type: "image" as const, data: PNG, mimeType: "image/png" };
const audio = { type: "audio" as const, data: WAV, mimeType: "audio/wav" };

function embedded(uri: string, mimeType: string, content: string) {
  return { type: "resource" as const, resource: { uri, mimeType, text: content } };
}

/** Tools whose result never changes: listed name, description, content. */
export const STATIC_TOOLS = [
  {
    name: "test_simple_text",
    description: "Answers with text",
    content: [text("This is a simple text response for testing.")],
  },
  { name: "test_image_content", description: "Answers with an image", content: [image] },
  { name: "test_audio_content", description: "Answers with audio", content: [audio] },
  {
    name: "test_embedded_resource",
    description: "Answers with an embedded resource",
    content: [embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")],
  },
  {
    name: "test_multiple_content_types",
    description: "Answers with text, an image and a resource",
    content: [
      text("Multiple content types test:"),
      image,
      embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ],
  },
];

/** The input schema of a tool without arguments. */
export const NO_ARGUMENTS = { type: "object" as const, properties: {} };

/** A schema with the keywords of JSON Schema 2020-12 that a careless server or gateway loses. */
export const JSON_SCHEMA_2020_12_TOOL = {
  name: "json_schema_2020_12_tool",
  description: "Tool with JSON Schema 2020-12 features",
  inputSchema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object" as const,
    $defs: {
      address: {
        $anchor: "addressDef",
        type: "object",
        properties: { street: { type: "string" }, city: { type: "string" } },
      },
    },
    properties: {
      name: { type: "string" },
      address: { $ref: "#/$defs/address" },
      contactMethod: { type: "string", enum: ["phone", "email"] },
      phone: { type: "string" },
      email: { type: "string" },
    },
    allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
    if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ["phone"] },
    else: { required: ["email"] },
    additionalProperties: false,
  },
};

/** What `test_error_handling` fails with. */
export const ERROR_TEXT = "This tool intentionally returns an error for testing";

export const RESOURCES = [
  {
    uri: "test://static-text",
    name: "static-text",
    title: "Static text",
    description: "A text that never changes",
    mimeType: "text/plain",
  },
  {
    uri: "test://static-binary",
    name: "static-binary",
    title: "Static image",
    description: "An image that never changes",
    mimeType: "image/png",
  },
  {
    uri: "test://watched-resource",
    name: "watched-resource",
    title: "Watched resource",
    description: "A resource to subscribe to",
    mimeType: "text/plain",
  },
];

export const RESOURCE_TEMPLATES = [
  {
    uriTemplate: "test://template/{id}/data",
    name: "template",
    title: "Templated resource",
    description: "Data for an id",
    mimeType: "application/json",
  },
];

/** The contents of a resource, `undefined` for one that does not exist. */
export function readResource(uri: string) {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id !== undefined) {
    const data = { id, templateTest: true, data: `Data for ID: ${id}` };
    return { contents: [{ uri, mimeType: "application/json", text: JSON.stringify(data) }] };
  }
  switch (uri) {
    case "test://static-text":
      return { contents: [{ uri, mimeType: "text/plain", text: "This is the content of the static text resource." }] };
    case "test://static-binary":
      return { contents: [{ uri, mimeType: "image/png", blob: PNG }] };
    case "test://watched-resource":
      return { contents: [{ uri, mimeType: "text/plain", text: "Watched resource content" }] };
    default:
      return undefined;
  }
}

export const PROMPTS = [
  { name: "test_simple_prompt", title: "Simple prompt", description: "A prompt without arguments" },
  {
    name: "test_prompt_with_arguments",
    title: "Prompt with arguments",
    description: "A prompt with two arguments",
    arguments: [
      { name: "arg1", description: "First test argument", required: true },
      { name: "arg2", description: "Second test argument", required: true },
    ],
  },
  {
    name: "test_prompt_with_embedded_resource",
    title: "Prompt with a resource",
    description: "A prompt that embeds a resource",
    arguments: [{ name: "resourceUri", description: "URI of the resource to embed", required: true }],
  },
  { name: "test_prompt_with_image", title: "Prompt with an image", description: "A prompt that holds an image" },
];

/** The messages of a prompt, `undefined` for one that does not exist. */
export function getPrompt(name: string, args: Record<string, string>) {
  switch (name) {
    case "test_simple_prompt":
      return { messages: [user(text("This is a simple prompt for testing."))] };
    case "test_prompt_with_arguments":
      return {
        messages: [user(text(`Prompt with arguments: arg1='${args["arg1"]}', arg2='${args["arg2"]}'`))],
      };
    case "test_prompt_with_embedded_resource":
      return {
        messages: [
          user(embedded(args["resourceUri"] ?? "", "text/plain", "Embedded resource content for testing.")),
          user(text("Please process the embedded resource above.")),
        ],
      };
    case "test_prompt_with_image":
      return { messages: [user(image), user(text("Please analyze the image above."))] };
    default:
      return undefined;
  }
}

function user<Content>(content: Content): { role: "user"; content: Content } {
  return { role: "user", content };
}

/** Suggestions for any argument: the suite wants an answer, not a particular one. */
export function complete(value: string) {
  const values = ["paris", "park", "party", "test", "testing"].filter((word) => word.startsWith(value));
  return { completion: { values, total: values.length, hasMore: false } };
}
