// A server of the Go SDK over stdio that says what it ran: the name of the tool, and the arguments as it decoded them.
package main

import (
	"context"
	"encoding/json"
	"log"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Ran is what a handler was called with.
type Ran struct {
	Tool      string          `json:"tool"`
	Amount    float64         `json:"amount"`
	To        string          `json:"to"`
	Arguments json.RawMessage `json:"arguments"`
	Request   any             `json:"request"`
}

type amounts struct {
	Amount float64 `json:"amount"`
	To     string  `json:"to"`
}

const schema = `{"type":"object","properties":{"amount":{"type":"number"},"to":{"type":"string"}},"additionalProperties":false}`
const open = `{"type":"object","properties":{"amount":{"type":"number"},"to":{"type":"string"}}}`

func run(_ context.Context, request *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	var in amounts
	// As any program does that reads the arguments by itself.
	if len(request.Params.Arguments) > 0 {
		if err := json.Unmarshal(request.Params.Arguments, &in); err != nil {
			return nil, err
		}
	}
	ran := Ran{request.Params.Name, in.Amount, in.To, request.Params.Arguments, request.Params.Meta["portcullis/request"]}
	text, err := json.Marshal(ran)
	if err != nil {
		return nil, err
	}
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: string(text)}}}, nil
}

func main() {
	server := mcp.NewServer(&mcp.Implementation{Name: "go", Version: "1"}, nil)
	server.AddTool(&mcp.Tool{Name: "look", InputSchema: json.RawMessage(open)}, run)
	server.AddTool(&mcp.Tool{Name: "pay", InputSchema: json.RawMessage(open)}, run)
	server.AddTool(&mcp.Tool{Name: "closed", InputSchema: json.RawMessage(schema)}, run)
	if err := server.Run(context.Background(), &mcp.StdioTransport{}); err != nil {
		log.Fatal(err)
	}
}
