// Lists and calls with the Go SDK what COMPAT_TASK says, and prints it as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type task struct {
	URL       string         `json:"url"`
	Key       string         `json:"key"`
	Tool      string         `json:"tool"`
	Arguments map[string]any `json:"arguments"`
}

// withKey sends the key with every request.
type withKey struct{ key string }

func (t withKey) RoundTrip(request *http.Request) (*http.Response, error) {
	own := request.Clone(request.Context())
	own.Header.Set("Authorization", "Bearer "+t.key)
	return http.DefaultTransport.RoundTrip(own)
}

func main() {
	var todo task
	if err := json.Unmarshal([]byte(os.Getenv("COMPAT_TASK")), &todo); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	transport := &mcp.StreamableClientTransport{
		Endpoint:   todo.URL,
		HTTPClient: &http.Client{Transport: withKey{todo.Key}},
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "compat", Version: "1.0.0"}, nil)
	session, err := client.Connect(ctx, transport, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	listed, err := session.ListTools(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	call, err := session.CallTool(ctx, &mcp.CallToolParams{Name: todo.Tool, Arguments: todo.Arguments})
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"tools": listed.Tools, "call": call})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
}
