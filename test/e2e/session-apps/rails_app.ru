# A Rails app in one file, with its own sign-in: rackup, or puma, with this as its configuration.
require "action_controller/railtie"

class Shop < Rails::Application
  config.load_defaults Rails::VERSION::STRING.to_f
  config.eager_load = false
  config.hosts.clear
  config.logger = Logger.new(nil)
  config.secret_key_base = ENV.fetch("SECRET")
  config.session_store :cookie_store, key: "_shop_session"
  config.action_dispatch.cookies_serializer = :json
  routes.append do
    get "sign-in", to: "sessions#new"
    post "sign-in", to: "sessions#create"
    post "sign-out", to: "sessions#destroy"
  end
end

class SessionsController < ActionController::Base
  protect_from_forgery with: :exception

  def new
    render json: { token: form_authenticity_token }
  end

  def create
    return head :forbidden unless params[:username] == "ada" && params[:password] == "correct horse"

    reset_session
    session[:user_id] = 7
    session[:name] = "Ada Lovelace"
    session[:picture] = "/ada.png"
    render json: { token: form_authenticity_token, id: session.id.to_s }
  end

  def destroy
    reset_session
    head :no_content
  end
end

Shop.initialize!
run Shop
