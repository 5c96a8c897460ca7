// Lists all that a server has with the Go SDK, uses what it is told to, and prints what came of it.
//
// Usage: client URL < {"tools": [...], "prompts": [...], "resources": [...]}
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type seen struct {
	Tools             []string `json:"tools"`
	Prompts           []string `json:"prompts"`
	Resources         []string `json:"resources"`
	ResourceTemplates []string `json:"resourceTemplates"`
	Failed            []string `json:"failed"`
}

func main() {
	var uses struct{ Tools, Prompts, Resources []string }
	check(json.NewDecoder(os.Stdin).Decode(&uses))
	ctx := context.Background()
	client := mcp.NewClient(&mcp.Implementation{Name: "go-client", Version: "1"}, nil)
	session, err := client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: os.Args[1]}, nil)
	check(err)
	defer session.Close()

	found := seen{Failed: []string{}}
	for tool, err := range session.Tools(ctx, nil) {
		check(err)
		found.Tools = append(found.Tools, tool.Name)
	}
	for prompt, err := range session.Prompts(ctx, nil) {
		check(err)
		found.Prompts = append(found.Prompts, prompt.Name)
	}
	for resource, err := range session.Resources(ctx, nil) {
		check(err)
		found.Resources = append(found.Resources, resource.URI)
	}
	for template, err := range session.ResourceTemplates(ctx, nil) {
		check(err)
		found.ResourceTemplates = append(found.ResourceTemplates, template.URITemplate)
	}

	note := func(kind, name string, err error) {
		if err != nil {
			found.Failed = append(found.Failed, fmt.Sprintf("%s %s: %v", kind, name, err))
		}
	}
	for _, name := range uses.Tools {
		answer, err := session.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: map[string]any{"x": 1}})
		if err == nil && answer.IsError {
			err = fmt.Errorf("%v", answer.GetError())
		}
		note("tools", name, err)
	}
	for _, name := range uses.Prompts {
		_, err := session.GetPrompt(ctx, &mcp.GetPromptParams{Name: name})
		note("prompts", name, err)
	}
	for _, uri := range uses.Resources {
		_, err := session.ReadResource(ctx, &mcp.ReadResourceParams{URI: uri})
		note("resources", uri, err)
	}
	check(json.NewEncoder(os.Stdout).Encode(found))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
