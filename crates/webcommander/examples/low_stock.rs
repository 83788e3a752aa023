//! Lists the products of which little is left, and sets the stock of the first one.
//!
//! ```sh
//! cargo run -p webcommander --features older --example low_stock -- 10 25
//! ```
//!
//! The first number is the threshold, 10 by default: products are listed that have fewer left, the scarcest first. The
//! second is the new stock of the first of them.
//!
//! With `WC_BASE_URL` set, it talks to that store (`ClientBuilder::from_env` lists all variables), and changes nothing
//! unless the second number is given. Without, it talks to a sandbox on this machine, where it sets 25.
//!
//! Products are known of older servers only, hence the feature.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::iter::successors;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, error};

use indicatif::{ProgressBar, ProgressStyle};
use vendor_sandbox::{Host, Sandbox, credentials};
use webcommander::older::{
    Product, ProductCreate, ProductId, ProductInventory, ProductInventoryPricingAndStock,
    ProductPricingAndStockInput,
};
use webcommander::{Client, ClientBuilder, Error};

type Outcome = Result<(), Box<dyn error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt::init(); // silent, unless RUST_LOG says what to show: RUST_LOG=debug
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        for cause in successors(error.source(), |cause| cause.source()) {
            eprintln!("  caused by: {cause}");
        }
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn run() -> Outcome {
    let (threshold, new_stock) = (number(1)?.unwrap_or(10), number(2)?);
    let address = env::var("WC_BASE_URL").unwrap_or_default();
    if !address.trim().is_empty() {
        return check(&ClientBuilder::from_env()?.build()?, threshold, new_stock).await;
    }
    println!("WC_BASE_URL is not set: this talks to a sandbox on this machine.");
    let sandbox = Sandbox::start().await?;
    let client = Client::builder(sandbox.url(Host::WebCommander))
        .application(
            credentials::WEBCOMMANDER_CLIENT_ID,
            credentials::WEBCOMMANDER_CLIENT_SECRET,
            credentials::WEBCOMMANDER_REDIRECT_URI,
        )
        .user(
            credentials::WEBCOMMANDER_USERNAME,
            credentials::WEBCOMMANDER_PASSWORD,
        )
        .build()?;
    for (name, stock) in [("Green mug", 40), ("Red mug", 7), ("Blue mug", 2)] {
        add_product(&client, name, stock).await?;
    }
    check(&client, threshold, new_stock.or(Some(25))).await
}

/// The argument at `index`, if there is one.
fn number(index: usize) -> Result<Option<i64>, String> {
    let Some(text) = env::args().nth(index) else {
        return Ok(None);
    };
    let number = text.parse();
    number
        .map(Some)
        .map_err(|error| format!("`{text}` is no whole number: {error}"))
}

/// Puts something into the sandbox that can run out.
async fn add_product(client: &Client, name: &str, stock: i64) -> Result<(), Error> {
    let mut figures = ProductPricingAndStockInput::new();
    figures.available_stock = Some(stock);
    let mut product = ProductCreate::new();
    product.name = Some(name.to_owned());
    product.product_pricing_and_stock = Some(figures);
    client.older().products().create(&product).send().await?;
    Ok(())
}

async fn check(client: &Client, threshold: i64, new_stock: Option<i64>) -> Outcome {
    let (all, mut low) = low_products(client, threshold).await?;
    println!(
        "{} of {all} products have fewer than {threshold} left:",
        low.len()
    );
    low.sort_by_key(stock);
    for product in &low {
        println!("  {:>6}  {}", shown(stock(product)), name(product));
    }
    let Some((first, id)) = low.iter().find_map(|it| it.id.as_ref().map(|id| (it, id))) else {
        println!("There is nothing to set.");
        return Ok(());
    };
    let Some(new_stock) = new_stock else {
        println!("Give a second number to set the stock of {}.", name(first));
        return Ok(());
    };
    let answer = set_stock(client, id, new_stock).await?;
    println!("{}: the store says: {answer}", name(first));
    let after = client.older().products().get(id).send().await?;
    println!("  before: {}", shown(stock(first)));
    println!("  after:  {}", shown(stock(&after)));
    if stock(&after) != Some(new_stock) {
        println!("The call was taken, but the product still tells another figure.");
    }
    Ok(())
}

/// How many products there are, and those that have fewer than `threshold` left.
async fn low_products(
    client: &Client,
    threshold: i64,
) -> Result<(u64, Vec<Product>), Box<dyn error::Error>> {
    let style = ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} products")?;
    let bar = ProgressBar::no_length().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    let (mut all, mut low) = (0, Vec::new());
    let mut products = client.older().products().list().stream();
    while let Some(product) = products.try_next().await? {
        all += 1;
        // A product without a figure is not counted by the store: it can't run out.
        if stock(&product).is_some_and(|left| left < threshold) {
            low.push(product);
        }
        if let Some(total) = products.total() {
            bar.set_length(total);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok((all, low))
}

async fn set_stock(client: &Client, id: &ProductId, stock: i64) -> Result<String, Error> {
    let mut figures = ProductInventoryPricingAndStock::new();
    figures.track_inventory = Some(true);
    figures.available_stock = Some(stock.to_string()); // this call takes its figures as texts
    let mut inventory = ProductInventory::new();
    inventory.product_pricing_and_stock = Some(figures);
    let products = client.older().products();
    let answer = products.adjust_inventory(id, &inventory).send().await?;
    Ok(answer
        .message
        .unwrap_or_else(|| "the store has said nothing".to_owned()))
}

/// How many are left: the figure beside the price, or else the product's own. Servers send one, the other, or none.
fn stock(product: &Product) -> Option<i64> {
    let figures = product.product_pricing_and_stock.as_ref();
    figures
        .and_then(|figures| figures.available_stock)
        .or(product.available_stock)
}

fn shown(stock: Option<i64>) -> String {
    stock.map_or_else(|| "not told".to_owned(), |stock| stock.to_string())
}

/// What a person calls the product, or else how the server does.
fn name(product: &Product) -> String {
    let mut names = [&product.name, &product.sku].into_iter().flatten();
    match (names.find(|name| !name.trim().is_empty()), &product.id) {
        (Some(name), _) => name.clone(),
        (None, Some(id)) => format!("product {id}"),
        (None, None) => "a product without name and id".to_owned(),
    }
}
