// Google's Go client: login by golang.org/x/oauth2, then a resumable upload in chunks.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/youtube/v3"
)

func openBrowser(address string) *url.URL {
	fmt.Println("OPEN " + address)
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	check(err)
	landed, err := url.Parse(strings.TrimSpace(line))
	check(err)
	return landed
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	ctx := context.Background()
	config := &oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		RedirectURL:  os.Getenv("REDIRECT"),
		Endpoint:     google.Endpoint,
		Scopes:       []string{youtube.YoutubeUploadScope, youtube.YoutubeReadonlyScope},
	}
	landed := openBrowser(config.AuthCodeURL("a state", oauth2.AccessTypeOffline))
	token, err := config.Exchange(ctx, landed.Query().Get("code"))
	check(err)
	service, err := youtube.NewService(ctx, option.WithTokenSource(config.TokenSource(ctx, token)))
	check(err)

	channels, err := service.Channels.List([]string{"snippet"}).Mine(true).Do()
	check(err)
	fmt.Println("LOGGED_IN " + channels.Items[0].Snippet.Title)

	file, err := os.Open(os.Getenv("FILE"))
	check(err)
	defer file.Close()
	video := &youtube.Video{
		Snippet: &youtube.VideoSnippet{Title: "A title"},
		Status:  &youtube.VideoStatus{PrivacyStatus: "private"},
	}
	call := service.Videos.Insert([]string{"snippet", "status"}, video)
	// The file is larger than a chunk, so it goes up in several.
	made, err := call.Media(file, googleapi.ChunkSize(1024*1024)).Do()
	check(err)
	if made.Status == nil || made.Status.PrivacyStatus != "private" {
		log.Fatal("The status was lost.")
	}
	fmt.Println("UPLOADED " + made.Id)
}
